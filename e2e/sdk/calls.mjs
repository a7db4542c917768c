// What the test asks of the SDK, in Node.js and in Chromium: one array
//
//   ["ada", "store.customer.update", {first_name: "Ada"}]
//
// is one call of the SDK that Ada has, and "new" gives her one. The answer is
// {value}, or {error} with everything that a FetchError says.

export const makeCall = (Medusa) => {
  const sdks = new Map();
  const words = {
    new: (who, config) => {
      if (config.auth?.jwtTokenStorageMethod === 'custom') config.auth.storage = slowStorage();
      sdks.set(who, new Medusa(config));
    },
    // offers is every function that the SDK has for us, so that none is forgotten.
    offers: (who) => [
      'auth', 'store.customer', 'admin.user', 'admin.invite', 'admin.apiKey', 'admin.customer', 'admin.customerGroup', 'admin.rbacRole', 'admin.rbacPolicy',
    ].flatMap((path) => functions(at(sdks.get(who), path), path)),
  };
  return async (who, path, ...args) => {
    try {
      if (words[path]) return { value: words[path](who, ...args) ?? null };
      const dot = path.lastIndexOf('.');
      const owner = at(sdks.get(who), path.slice(0, dot));
      return { value: (await owner[path.slice(dot + 1)](...args)) ?? null };
    } catch ({ constructor, message, status, statusText }) {
      return { error: { name: constructor.name, message, status, statusText } };
    }
  };
};

const at = (owner, path) => path.split('.').reduce((o, name) => o[name], owner);

function functions(owner, path) {
  const names = [...Object.keys(owner), ...Object.getOwnPropertyNames(Object.getPrototypeOf(owner))];
  return names.filter((name) => !(name in Object.prototype) && !name.endsWith('_')).flatMap((name) => {
    if (typeof owner[name] === 'function') return `${path}.${name}`;
    return ['client', 'config'].includes(name) ? [] : functions(owner[name], `${path}.${name}`);
  });
}

// slowStorage keeps a token as an app for telephones does: elsewhere, and not
// at once.
function slowStorage() {
  const kept = new Map();
  const later = (value) => new Promise((resolve) => { setTimeout(resolve, 1, value); });
  return {
    getItem: (key) => later(kept.get(key) ?? null),
    setItem: (key, value) => later(kept.set(key, value)),
    removeItem: (key) => later(kept.delete(key)),
  };
}
