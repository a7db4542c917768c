// What no route of Medusa makes, or none without an outside provider or another
// configuration: an identity of Google, a verified address, and a role below another one
// (its routes drop parent_id). `medusa exec` runs it.
const { Modules } = require('@medusajs/framework/utils');

module.exports.default = async function ({ container }) {
  const auth = container.resolve(Modules.AUTH);
  const [customer] = await container.resolve(Modules.CUSTOMER).createCustomers([
    { email: 'grace@example.com', first_name: 'Grace', has_account: true },
  ]);
  const identity = await auth.createAuthIdentities({
    app_metadata: { customer_id: customer.id, erp: { number: 7 } },
    provider_identities: [{
      provider: 'google', entity_id: '113355', user_metadata: { name: 'Grace', email: 'grace@example.com' },
    }],
  });
  await auth.createAuthVerifications({
    auth_identity_id: identity.id, entity_id: 'Grace@Example.com', entity_type: 'email', code_provider: 'token',
    requested_at: new Date(), verified_at: new Date(),
  });

  const rbac = container.resolve(Modules.RBAC);
  const [reader, support] = await rbac.createRbacRoles([{ name: 'Reader' }, { name: 'Support', metadata: { team: 'north' } }]);
  const policies = await rbac.listRbacPolicies({ key: ['customer:read', 'user:read'] });
  await rbac.createRbacRolePolicies(policies.map((policy) => ({ role_id: reader.id, policy_id: policy.id })));
  await rbac.createRbacRoleParents([{ role_id: support.id, parent_id: reader.id }]);
};
