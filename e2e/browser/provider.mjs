// Runs two OpenID providers of the certified package oidc-provider, and tells
// the test on one line where they are. Everything else is for the log.
//
//   node provider.mjs <redirect URI>…
//
// They live as long as stdin is open, so that none outlives the test.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { people, signInPages } from './login.mjs';

const redirectURIs = process.argv.slice(2);

// What each provider is like. Both demand PKCE.
const kinds = {
  // Google says everything in the ID token, which RS256 signs, and takes the
  // client's secret in the form.
  google: {
    issuer: () => 'https://accounts.google.com',
    client: { token_endpoint_auth_method: 'client_secret_post', id_token_signed_response_alg: 'RS256' },
    key: () => ['rsa', { modulusLength: 2048 }],
    settings: { conformIdTokenClaims: false },
  },
  // This one is as strict as the specification lets it be: ES256, the client's
  // secret in the header alone, and all but the subject at the UserInfo endpoint.
  oidc: {
    issuer: (url) => url,
    client: { token_endpoint_auth_method: 'client_secret_basic', id_token_signed_response_alg: 'ES256' },
    key: () => ['ec', { namedCurve: 'P-256' }],
    settings: { conformIdTokenClaims: true, clientAuthMethods: ['client_secret_basic'] },
  },
};

async function start(name, kind) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Another host than the storefront's 127.0.0.1, so that the return is a cross-site request.
  const url = `http://localhost:${server.address().port}`;
  const client = { client_id: `everlatch-at-${name}`, client_secret: randomBytes(24).toString('base64') };
  const exchanges = [];
  const provider = new Provider(kind.issuer(url), {
    clients: [{ ...client, ...kind.client, redirect_uris: redirectURIs }],
    jwks: { keys: [{ ...generateKeyPairSync(...kind.key()).privateKey.export({ format: 'jwk' }), kid: name, use: 'sig' }] },
    // Cookies know no ports, and both providers are on one host.
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      names: { session: `${name}.session`, interaction: `${name}.interaction`, resume: `${name}.resume` },
    },
    claims: { openid: ['sub', 'hd'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name', 'picture'] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => people[id].claims },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
    pkce: { required: () => true, methods: ['S256'] },
    ...kind.settings,
  });
  for (const outcome of ['success', 'error']) {
    provider.on(`grant.${outcome}`, (ctx) => exchanges.push({
      outcome, url: ctx.url, secret_in: ctx.headers.authorization ? 'header' : 'form',
    }));
  }
  for (const event of ['grant.error', 'authorization.error', 'userinfo.error', 'server_error']) {
    provider.on(event, (_, err) => console.error(name, event, err.error_detail ?? err.error_description ?? err));
  }
  const [pages, rest] = [signInPages(name, provider), provider.callback()];
  server.on('request', (req, res) => {
    if (req.url === '/exchanges') return res.end(JSON.stringify(exchanges));
    if (!req.url.startsWith('/sign-in/')) return rest(req, res);
    return pages(req, res).catch((err) => {
      console.error(name, 'sign-in', err);
      res.writeHead(500).end();
    });
  });
  return { url, ...client };
}

const started = {};
for (const [name, kind] of Object.entries(kinds)) started[name] = await start(name, kind);
console.log(JSON.stringify({ providers: started, people }));
process.stdin.resume().on('end', () => process.exit());
