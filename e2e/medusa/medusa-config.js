// The Medusa server from whose database e2e/medusa_test.go moves into Everlatch. The test
// sets the variables.
const { defineConfig } = require('@medusajs/framework/utils');

module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: {
      storeCors: 'http://localhost', adminCors: 'http://localhost', authCors: 'http://localhost',
      jwtSecret: process.env.JWT_SECRET, cookieSecret: process.env.COOKIE_SECRET,
      authMethodsPerActor: { user: ['emailpass'], customer: ['emailpass'] },
    },
  },
  admin: { disable: true },
  // The flag is read after this file, so that it does not switch the module on by itself.
  featureFlags: { rbac: true },
  modules: [{ resolve: '@medusajs/medusa/rbac', key: 'rbac' }],
});
