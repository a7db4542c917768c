// What builds the dashboard, and nothing else: no Medusa server runs here, so
// the database and the secrets are never used.
const { defineConfig } = require('@medusajs/framework/utils');

module.exports = defineConfig({
  projectConfig: {
    databaseUrl: 'postgres://unused@localhost/none',
    http: { storeCors: '', adminCors: '', authCors: '', jwtSecret: 'unused', cookieSecret: 'unused' },
  },
  admin: { path: '/app', backendUrl: process.env.MEDUSA_BACKEND_URL },
});
