// The people who have an account at the providers, and the pages on which they
// type their password, and allow or deny.

export const people = {
  ada: {
    password: 'Analytical Engine No. 1',
    claims: {
      sub: '110169484474386276334', hd: 'example.com', email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace',
      given_name: 'Ada', family_name: 'Lovelace', picture: 'https://pictures.example/ada.png',
    },
  },
  grace: {
    password: 'nanoseconds of wire',
    claims: {
      sub: '220169484474386276335', email: 'grace@example.com', email_verified: true, name: 'Grace Hopper',
      given_name: 'Grace', family_name: 'Hopper', picture: 'https://pictures.example/grace.png',
    },
  },
  // Anybody can give this address, so it must open no account.
  mallory: {
    password: 'in the middle',
    claims: { sub: '330169484474386276336', email: 'ada@example.com', email_verified: false, name: 'Mallory' },
  },
};

const page = (title, note, form) => `<!doctype html><meta charset="utf-8"><title>${title}</title>
<style>body { font: 16px sans-serif; max-width: 24em; margin: 4em auto } label { display: block; margin: 1em 0 } input { width: 100% }</style>
<h1>${title}</h1><p role="status">${note}</p><form method="post">${form}</form>`;

const loginPage = (name, note) => page(`Sign in at ${name}`, note, `
  <label>Login <input name="login" autocomplete="off"></label>
  <label>Password <input name="password" type="password"></label>
  <button name="answer" value="sign-in">Sign in</button> <button name="answer" value="deny">Cancel</button>`);

const consentPage = (name, client, scopes) => page(`Share with ${client}?`, `${name} would tell it: ${scopes.join(', ')}`, `
  <button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button>`);

async function form(req) {
  let text = '';
  for await (const chunk of req) text += chunk;
  return Object.fromEntries(new URLSearchParams(text));
}

// signInPages shows the page of the interaction that a person is in, and ends
// the interaction by what they answer.
export const signInPages = (name, provider) => async (req, res) => {
  const show = (html) => res.setHeader('content-type', 'text/html').end(html);
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  const signingIn = prompt.name === 'login';
  if (req.method === 'GET') {
    return show(signingIn ? loginPage(name, '') : consentPage(name, params.client_id, prompt.details.missingOIDCScope ?? []));
  }
  const { answer, login, password } = await form(req);
  const end = (result) => provider.interactionFinished(req, res, result, { mergeWithLastSubmission: !signingIn });
  if (answer === 'deny') return end({ error: 'access_denied', error_description: 'The person said no' });
  if (!signingIn) {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return end({ consent: { grantId: await grant.save() } });
  }
  if (people[login]?.password !== password) return show(loginPage(name, 'That is not your password.'));
  return end({ login: { accountId: login } });
};
