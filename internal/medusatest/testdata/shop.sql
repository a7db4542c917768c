CREATE TABLE public.api_key (
    id text NOT NULL,
    token text NOT NULL,
    salt text NOT NULL,
    redacted text NOT NULL,
    title text NOT NULL,
    type text NOT NULL,
    last_used_at timestamp with time zone,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_by text,
    revoked_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT api_key_type_check CHECK ((type = ANY (ARRAY['publishable'::text, 'secret'::text])))
);
CREATE TABLE public.auth_identity (
    id text NOT NULL,
    app_metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.auth_mfa_factor (
    id text NOT NULL,
    auth_identity_id text NOT NULL,
    provider text NOT NULL,
    status text NOT NULL,
    provider_metadata jsonb,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.auth_mfa_recovery_code (
    id text NOT NULL,
    auth_identity_id text NOT NULL,
    code_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.auth_verification (
    id text NOT NULL,
    auth_identity_id text NOT NULL,
    entity_id text NOT NULL,
    entity_type text NOT NULL,
    code_provider text NOT NULL,
    verified_at timestamp with time zone,
    requested_at timestamp with time zone NOT NULL,
    provider_metadata jsonb,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.customer (
    id text NOT NULL,
    company_name text,
    first_name text,
    last_name text,
    email text,
    phone text,
    has_account boolean DEFAULT false NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    created_by text
);
CREATE TABLE public.customer_address (
    id text NOT NULL,
    customer_id text NOT NULL,
    address_name text,
    is_default_shipping boolean DEFAULT false NOT NULL,
    is_default_billing boolean DEFAULT false NOT NULL,
    company text,
    first_name text,
    last_name text,
    address_1 text,
    address_2 text,
    city text,
    country_code text,
    province text,
    postal_code text,
    phone text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.customer_group (
    id text NOT NULL,
    name text NOT NULL,
    metadata jsonb,
    created_by text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.customer_group_customer (
    id text NOT NULL,
    customer_id text NOT NULL,
    customer_group_id text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text,
    deleted_at timestamp with time zone
);
CREATE TABLE public.invite (
    id text NOT NULL,
    email text NOT NULL,
    accepted boolean DEFAULT false NOT NULL,
    token text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.invite_rbac_role (
    invite_id character varying(255) NOT NULL,
    rbac_role_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.provider_identity (
    id text NOT NULL,
    entity_id text NOT NULL,
    provider text NOT NULL,
    auth_identity_id text NOT NULL,
    user_metadata jsonb,
    provider_metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.rbac_policy (
    id text NOT NULL,
    key text NOT NULL,
    resource text NOT NULL,
    operation text NOT NULL,
    name text,
    description text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.rbac_role (
    id text NOT NULL,
    name text NOT NULL,
    description text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.rbac_role_parent (
    id text NOT NULL,
    role_id text NOT NULL,
    parent_id text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.rbac_role_policy (
    id text NOT NULL,
    role_id text NOT NULL,
    policy_id text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public."user" (
    id text NOT NULL,
    first_name text,
    last_name text,
    email text NOT NULL,
    avatar_url text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE public.user_rbac_role (
    user_id character varying(255) NOT NULL,
    rbac_role_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    deleted_at timestamp with time zone
);
INSERT INTO public.api_key VALUES ('apk_01M8N6G182KFPP3CYDBF46JJ48', 'pk_a9cc9dfcde9cc631c58ce15f37baee5a2f83c2a3190af454295b8583daf39771', '', 'pk_a9c***771', 'Default Publishable API Key', 'publishable', NULL, '', '2026-11-30 03:03:09.826+00', NULL, NULL, '2026-11-30 03:03:09.826+00', NULL);
INSERT INTO public.api_key VALUES ('apk_01M8N6GD4ZTSABGMP9HBVW8JWX', 'pk_5602c68215b028ddf91a5a45d89088e2a46f4f385014b5bc69fad6f92901ffca', '', 'pk_560***fca', 'Storefront', 'publishable', NULL, 'user_01M8N6G1ARM2K04FM2HWYG4R6G', '2026-11-30 03:03:22.015+00', NULL, NULL, '2026-11-30 03:03:22.015+00', NULL);
INSERT INTO public.api_key VALUES ('apk_01M8N6GDA303PH46H8XTNPSPNV', 'b8913869285cef6ffa6e903839fca0affb1fb88cc72bd722c712af689b5eda8d9526e55e6be682e6bfbe00ea20899453aa9c60f66cda80871a191ed68fdf0ea6', '3ae441a0edd4312939b16d80d19ab623', 'sk_7da***67b', 'ERP', 'secret', NULL, 'user_01M8N6G1ARM2K04FM2HWYG4R6G', '2026-11-30 03:03:22.18+00', NULL, NULL, '2026-11-30 03:03:22.18+00', NULL);
INSERT INTO public.api_key VALUES ('apk_01M8N6GDGZ2CSRBZSRW26AQ11Q', '83ebd9d8115e92b386f4634bb8463f2e6e4f7b3f5d503d11784f488698034a80d2091aa69bcba4b8b68c6a12baf62d24ccaacb18ce30c06bdf4f1c726ac95075', '8a445915fc9577928ad6b0dec83b1093', 'sk_8ce***6be', 'Former ERP', 'secret', NULL, 'user_01M8N6G1ARM2K04FM2HWYG4R6G', '2026-11-30 03:03:22.399+00', 'user_01M8N6G1ARM2K04FM2HWYG4R6G', '2026-11-30 03:03:22.48+00', '2026-11-30 03:03:22.492+00', NULL);
INSERT INTO public.auth_identity VALUES ('authid_01M8N6G1ECXEHJ5D915X9BJ7ZW', '{"user_id": "user_01M8N6G1ARM2K04FM2HWYG4R6G"}', '2026-11-30 03:03:10.028+00', '2026-11-30 03:03:10.037+00', NULL);
INSERT INTO public.auth_identity VALUES ('authid_01M8N6G6AT7Q4MHV9KHP9RQJ5D', '{"erp": {"number": 7}, "customer_id": "cus_01M8N6G6ADE7Q2DDWM9AEFJZV7"}', '2026-11-30 03:03:15.034+00', '2026-11-30 03:03:15.034+00', NULL);
INSERT INTO public.auth_identity VALUES ('authid_01M8N6GE1614HTWEMZTW40QSVX', '{"user_id": "user_01M8N6GE3B2DARA4YBAGEWK0DH"}', '2026-11-30 03:03:22.919+00', '2026-11-30 03:03:23.03+00', NULL);
INSERT INTO public.auth_identity VALUES ('authid_01M8N6GEBFBS99BARQFVNSXMY9', '{"customer_id": "cus_01M8N6GECCFBT96B9VKYHRPFS6"}', '2026-11-30 03:03:23.247+00', '2026-11-30 03:03:23.281+00', NULL);
INSERT INTO public.auth_identity VALUES ('authid_01M8N6GFW673P5XZK11AKBE95W', '{"customer_id": "cus_01M8N6GFXT9YQ7T080480G7KAD"}', '2026-11-30 03:03:24.806+00', '2026-11-30 03:03:24.867+00', NULL);
INSERT INTO public.auth_identity VALUES ('authid_01M8N6GGKKTKQ8YMY26TYRJ269', '{"customer_id": "cus_01M8N6GGQ865C5V6AJQ926ACA8"}', '2026-11-30 03:03:25.555+00', '2026-11-30 03:03:25.718+00', NULL);
INSERT INTO public.auth_identity VALUES ('authid_01M8N6GHYTXWCYCJXG1P20TS98', '{"customer_id": "cus_01M8N6GHZBQNFB0S3YDP2V9RAS"}', '2026-11-30 03:03:26.939+00', '2026-11-30 03:03:26.96+00', NULL);
INSERT INTO public.auth_mfa_factor VALUES ('authmfa_01M8N6GG6DPW75P6PW64CZS7EZ', 'authid_01M8N6GFW673P5XZK11AKBE95W', 'totp', 'enabled', '{"issuer": "Medusa", "secret": "v1:uYzhhLXaWbO9t-oZ:LNuh_7RI7jUXRK8AsGIZzw:RE7rcSn_9lBTy_s6AWcpG44AlvLskQS_Nz8qdEPVRPs"}', '{"label": "Phone"}', '2026-11-30 03:03:25.133+00', '2026-11-30 03:03:25.156+00', NULL);
INSERT INTO public.auth_verification VALUES ('authver_01M8N6G6B4782KPH6KBG1W6DGX', 'authid_01M8N6G6AT7Q4MHV9KHP9RQJ5D', 'Grace@Example.com', 'email', 'token', '2026-11-30 03:03:15.043+00', '2026-11-30 03:03:15.043+00', NULL, NULL, '2026-11-30 03:03:15.044+00', '2026-11-30 03:03:15.044+00', NULL);
INSERT INTO public.customer VALUES ('cus_01M8N6G6ADE7Q2DDWM9AEFJZV7', NULL, 'Grace', NULL, 'grace@example.com', NULL, true, NULL, '2026-11-30 03:03:15.022+00', '2026-11-30 03:03:15.022+00', NULL, NULL);
INSERT INTO public.customer VALUES ('cus_01M8N6GECCFBT96B9VKYHRPFS6', NULL, 'Ada', NULL, 'Ada@Example.com', NULL, true, NULL, '2026-11-30 03:03:23.276+00', '2026-11-30 03:03:23.276+00', NULL, NULL);
INSERT INTO public.customer VALUES ('cus_01M8N6GFKSFHWQ9RGGR3495Y16', NULL, 'Guest', NULL, 'ada@example.com', NULL, false, NULL, '2026-11-30 03:03:24.537+00', '2026-11-30 03:03:24.537+00', NULL, 'user_01M8N6G1ARM2K04FM2HWYG4R6G');
INSERT INTO public.customer VALUES ('cus_01M8N6GFXT9YQ7T080480G7KAD', NULL, 'Bob', NULL, 'bob@example.com', NULL, true, NULL, '2026-11-30 03:03:24.859+00', '2026-11-30 03:03:24.859+00', NULL, NULL);
INSERT INTO public.customer VALUES ('cus_01M8N6GGQ865C5V6AJQ926ACA8', NULL, 'Gone', NULL, 'gone@example.com', NULL, true, NULL, '2026-11-30 03:03:25.672+00', '2026-11-30 03:03:25.672+00', NULL, NULL);
INSERT INTO public.customer VALUES ('cus_01M8N6GH8YFHTE4DYA59C2H6GC', NULL, 'Removed', NULL, 'removed@example.com', NULL, true, NULL, '2026-11-30 03:03:26.238+00', '2026-11-30 03:03:26.729+00', '2026-11-30 03:03:26.728+00', NULL);
INSERT INTO public.customer VALUES ('cus_01M8N6GHZBQNFB0S3YDP2V9RAS', NULL, 'Again', NULL, 'removed@example.com', NULL, true, NULL, '2026-11-30 03:03:26.955+00', '2026-11-30 03:03:26.955+00', NULL, NULL);
INSERT INTO public.customer_address VALUES ('cuaddr_01M8N6GEZF6WZ6WH96ZA7TXNZ6', 'cus_01M8N6GECCFBT96B9VKYHRPFS6', NULL, true, false, NULL, 'Ada', 'Lovelace', NULL, NULL, 'London', 'gb', NULL, NULL, NULL, '{"floor": 0}', '2026-11-30 03:03:23.887+00', '2026-11-30 03:03:23.887+00', NULL);
INSERT INTO public.customer_address VALUES ('cuaddr_01M8N6GF2WXMN1AA2VZ6H02AE7', 'cus_01M8N6GECCFBT96B9VKYHRPFS6', NULL, false, false, NULL, 'Ada', 'Lovelace', NULL, NULL, 'Paris', 'gb', NULL, NULL, NULL, '{"floor": 1}', '2026-11-30 03:03:23.997+00', '2026-11-30 03:03:23.997+00', NULL);
INSERT INTO public.customer_group VALUES ('cusgroup_01M8N6GFBK812NTZNC8ENXFCH3', 'VIP', '{"rate": 0.5}', 'user_01M8N6G1ARM2K04FM2HWYG4R6G', '2026-11-30 03:03:24.275+00', '2026-11-30 03:03:24.275+00', NULL);
INSERT INTO public.customer_group_customer VALUES ('cusgc_01M8N6GFFS3D22NSQJVJYTDPH0', 'cus_01M8N6GECCFBT96B9VKYHRPFS6', 'cusgroup_01M8N6GFBK812NTZNC8ENXFCH3', NULL, '2026-11-30 03:03:24.409+00', '2026-11-30 03:03:24.409+00', NULL, NULL);
INSERT INTO public.invite VALUES ('invite_01M8N6GDV3CKD0DX0MDZJ5PTYD', 'support@example.com', false, 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6Imludml0ZV8wMU04TjZHRFYzQ0tEMERYME1EWko1UFRZRCIsImVtYWlsIjoic3VwcG9ydEBleGFtcGxlLmNvbSIsImlhdCI6MTc5NjAwNzgwMiwiZXhwIjoxNzk2MDk0MjAyLCJqdGkiOiIyNzMyYzdiMS01YzIzLTQ3ZTItOWM0NS1iMmMyYTZlMTNhZjcifQ.DItqLiZpLcrNK8zJLt_RcQOxaGxJWSdx2Ki6G4hmilg', '2026-12-01 03:03:22.723+00', NULL, '2026-11-30 03:03:22.73+00', '2026-11-30 03:03:23.034+00', '2026-11-30 03:03:23.033+00');
INSERT INTO public.invite VALUES ('invite_01M8N6GE7AA3ZWGJ96Y8KS57VR', 'late@example.com', false, 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6Imludml0ZV8wMU04TjZHRTdBQTNaV0dKOTZZOEtTNTdWUiIsImVtYWlsIjoibGF0ZUBleGFtcGxlLmNvbSIsImlhdCI6MTc5NjAwNzgwMywiZXhwIjoxNzk2MDk0MjAzLCJqdGkiOiIyYWU4YzEzMy1lNzJjLTRhOGQtOTY0OS1mNDlkYWI1MzBhNDYifQ.ngGVtMSBZBmlkUEWVFk9pRYDXqwEMljdjyzcw-pDAGo', '2026-12-01 03:03:23.114+00', NULL, '2026-11-30 03:03:23.115+00', '2026-11-30 03:03:23.115+00', NULL);
INSERT INTO public.invite_rbac_role VALUES ('invite_01M8N6GDV3CKD0DX0MDZJ5PTYD', 'role_01M8N6G6BAF10SB9FYSKFZKN91', 'inviterole_01M8N6GDVF2CRNBS9XBQR7PGGY', '2026-11-30 03:03:22.73508+00', '2026-11-30 03:03:22.73508+00', NULL);
INSERT INTO public.invite_rbac_role VALUES ('invite_01M8N6GE7AA3ZWGJ96Y8KS57VR', 'role_01M8N6G6B9ZM983C3KNPMJ234T', 'inviterole_01M8N6GE7DYS5D1ZV7YX079M92', '2026-11-30 03:03:23.117132+00', '2026-11-30 03:03:23.117132+00', NULL);
INSERT INTO public.provider_identity VALUES ('01M8N6G1EB5DE5SVDZHZQGKR6A', 'root@example.com', 'emailpass', 'authid_01M8N6G1ECXEHJ5D915X9BJ7ZW', NULL, '{"password": "c2NyeXB0AA8AAAAIAAAAAYMNM+SYMoaZgCOGKf+xc7IK3dYGsip2uJNXyIr8AaUd3KU2weM63KpyM/oCdc1jcbEk7S+RY9coqBkTOgtAlIR4OcVmPvoJL4EWp8UR3J3U"}', '2026-11-30 03:03:10.028+00', '2026-11-30 03:03:10.029+00', NULL);
INSERT INTO public.provider_identity VALUES ('01M8N6G6ASQZNA5P8AQ4ACJ8FN', '113355', 'google', 'authid_01M8N6G6AT7Q4MHV9KHP9RQJ5D', '{"name": "Grace", "email": "grace@example.com"}', NULL, '2026-11-30 03:03:15.034+00', '2026-11-30 03:03:15.034+00', NULL);
INSERT INTO public.provider_identity VALUES ('01M8N6GE169Q4SK5M8PVJTB2NR', 'support@example.com', 'emailpass', 'authid_01M8N6GE1614HTWEMZTW40QSVX', NULL, '{"password": "c2NyeXB0AA8AAAAIAAAAAR33ID/+dt3q5fWeIwCV6NFvN9ttTtl8DE/7PNcuBDyuYGg1g7ujgHLX+aYYcvZ3tX9paHg6hhSZLwXi1TB7Y+bEOiNUupmuo/3UgBUFKQIM"}', '2026-11-30 03:03:22.919+00', '2026-11-30 03:03:22.919+00', NULL);
INSERT INTO public.provider_identity VALUES ('01M8N6GEBE5TD1RTF19MRMKSRG', 'Ada@Example.com', 'emailpass', 'authid_01M8N6GEBFBS99BARQFVNSXMY9', NULL, '{"password": "c2NyeXB0AA8AAAAIAAAAAcN1a8w/TbXcJ5qVi4t7dTVIUMRMjubv+5m8FUVBan7hzw/3WG95Ys8RYHQs7XMN8DeFFyGgaJPITMPHFabzOkS7v+x9LdGaAFqA7Es859Dh"}', '2026-11-30 03:03:23.247+00', '2026-11-30 03:03:23.247+00', NULL);
INSERT INTO public.provider_identity VALUES ('01M8N6GFW642DNKJSR2F4RAF18', 'bob@example.com', 'emailpass', 'authid_01M8N6GFW673P5XZK11AKBE95W', NULL, '{"password": "c2NyeXB0AA8AAAAIAAAAATBtclfNE/vdAYWGbFQKmaOiI6xI5ooKOrAMDWtgnAHj8D/ua0gPCXpjdIWD6dSSM7mD2OkdByH+CWZWB5u0lqWoLA/h5JK7If5qEGu7Cc/C"}', '2026-11-30 03:03:24.806+00', '2026-11-30 03:03:24.806+00', NULL);
INSERT INTO public.provider_identity VALUES ('01M8N6GGKKJJYH1CG066SR9KZ7', 'gone@example.com', 'emailpass', 'authid_01M8N6GGKKTKQ8YMY26TYRJ269', NULL, '{"password": "c2NyeXB0AA8AAAAIAAAAAW/1TKcdfnVX2MikdFIK2doxII4nCp8Jxhvu1UYN1+y11MjrgEvoXUrj/7I9v8qoQH25XFEJZVTrxSaQUw/eiPadYDx5E3CVn7S16j+C8sQE"}', '2026-11-30 03:03:25.555+00', '2026-11-30 03:03:25.555+00', NULL);
INSERT INTO public.provider_identity VALUES ('01M8N6GHYT7XQKMG6MDJTQJVX1', 'removed@example.com', 'emailpass', 'authid_01M8N6GHYTXWCYCJXG1P20TS98', NULL, '{"password": "c2NyeXB0AA8AAAAIAAAAAVABFwLZacY0pZYWpMuhFjYGU6YPxz97QrU3USNfqtbxWfbiITvWtLJVBsoDjjOpOVRxyKl6oJbKxRCwIW1n83LNmEqfssY6WkuWwYWN9iNK"}', '2026-11-30 03:03:26.939+00', '2026-11-30 03:03:26.939+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_super_admin', '*:*', '*', '*', 'Super Admin', 'Super admin policy with full access to all resources and operations', NULL, '2026-11-30 03:03:00.407+00', '2026-11-30 03:03:00.407+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J6265T9945W1VF7XD', 'customer:read', 'customer', 'read', 'ReadCustomer', 'Read Customer', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JR66Y048GTNN8E000', 'customer:create', 'customer', 'create', 'CreateCustomer', 'Create Customer', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JFJF54KYH36DF1KKS', 'customer:update', 'customer', 'update', 'UpdateCustomer', 'Update Customer', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J3WMT4Y9CQX63ZQCH', 'customer:delete', 'customer', 'delete', 'DeleteCustomer', 'Delete Customer', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J14WPA79YZNB7NGJ4', 'customer_address:read', 'customer_address', 'read', 'ReadCustomerAddress', 'Read CustomerAddress', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J62158QAVDVW0AJ65', 'customer_address:create', 'customer_address', 'create', 'CreateCustomerAddress', 'Create CustomerAddress', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JRWJAEVM9GNAEXQ52', 'customer_address:update', 'customer_address', 'update', 'UpdateCustomerAddress', 'Update CustomerAddress', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JHDN0SCG1XHV7GMD6', 'customer_address:delete', 'customer_address', 'delete', 'DeleteCustomerAddress', 'Delete CustomerAddress', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J2ECDCJ0ANNQKXEC3', 'customer_group:read', 'customer_group', 'read', 'ReadCustomerGroup', 'Read CustomerGroup', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JP7DH7N9QAY53SQY4', 'customer_group:create', 'customer_group', 'create', 'CreateCustomerGroup', 'Create CustomerGroup', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J0K6P5K6V592TNAGT', 'customer_group:update', 'customer_group', 'update', 'UpdateCustomerGroup', 'Update CustomerGroup', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JBBNT00NQWN9FDV7V', 'customer_group:delete', 'customer_group', 'delete', 'DeleteCustomerGroup', 'Delete CustomerGroup', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J7QA6CG78FYMDDG5A', 'inventory_item:read', 'inventory_item', 'read', 'ReadInventoryItem', 'Read InventoryItem', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JSQX9RXGE89CWRGQ0', 'inventory_item:create', 'inventory_item', 'create', 'CreateInventoryItem', 'Create InventoryItem', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18JNHF1Y8220A92VGF3', 'inventory_item:update', 'inventory_item', 'update', 'UpdateInventoryItem', 'Update InventoryItem', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18J0T8JA5VVG9WJECE9', 'inventory_item:delete', 'inventory_item', 'delete', 'DeleteInventoryItem', 'Delete InventoryItem', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K5G3BJ27E1JSBRMFN', 'inventory_level:read', 'inventory_level', 'read', 'ReadInventoryLevel', 'Read InventoryLevel', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KBS78KTKVJ6MY6QKE', 'inventory_level:create', 'inventory_level', 'create', 'CreateInventoryLevel', 'Create InventoryLevel', NULL, '2026-11-30 03:03:09.861+00', '2026-11-30 03:03:09.861+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K974NME3HZ8EFQEE9', 'inventory_level:update', 'inventory_level', 'update', 'UpdateInventoryLevel', 'Update InventoryLevel', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KNE9H2BQCRM5QZ3QK', 'inventory_level:delete', 'inventory_level', 'delete', 'DeleteInventoryLevel', 'Delete InventoryLevel', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KTF8YK3SAK6PHWPSX', 'reservation_item:read', 'reservation_item', 'read', 'ReadReservationItem', 'Read ReservationItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KKGYSSM69RYEQZA2H', 'reservation_item:create', 'reservation_item', 'create', 'CreateReservationItem', 'Create ReservationItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KD3VJJ4M3Z56BZTX5', 'reservation_item:update', 'reservation_item', 'update', 'UpdateReservationItem', 'Update ReservationItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K244EGHYBM5D460G5', 'reservation_item:delete', 'reservation_item', 'delete', 'DeleteReservationItem', 'Delete ReservationItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KPMC5NJKDMQC1ZT33', 'stock_location:read', 'stock_location', 'read', 'ReadStockLocation', 'Read StockLocation', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KTFXR7D3Y0017Q4HG', 'stock_location:create', 'stock_location', 'create', 'CreateStockLocation', 'Create StockLocation', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K3WEGRPGXNBCY9Q3A', 'stock_location:update', 'stock_location', 'update', 'UpdateStockLocation', 'Update StockLocation', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K5BKRD23GKNHK30V3', 'stock_location:delete', 'stock_location', 'delete', 'DeleteStockLocation', 'Delete StockLocation', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K06BBJW01HVK114CA', 'order:read', 'order', 'read', 'ReadOrder', 'Read Order', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K3P4XPK7MXMWQHDXQ', 'order:create', 'order', 'create', 'CreateOrder', 'Create Order', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KB4BC4BZP12YYXS03', 'order:update', 'order', 'update', 'UpdateOrder', 'Update Order', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18K1FGS873RVE7S6K1X', 'order:delete', 'order', 'delete', 'DeleteOrder', 'Delete Order', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18KN2WZBF06JWC4G4AM', 'order_item:read', 'order_item', 'read', 'ReadOrderItem', 'Read OrderItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MT0ED647CXWSM0M87', 'order_item:create', 'order_item', 'create', 'CreateOrderItem', 'Create OrderItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MWJ9N50PVEG4PQJJX', 'order_item:update', 'order_item', 'update', 'UpdateOrderItem', 'Update OrderItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MZ2ZSYY673CF2MDR1', 'order_item:delete', 'order_item', 'delete', 'DeleteOrderItem', 'Delete OrderItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MSK1M8SF5Z8AHR1ZX', 'order_change:read', 'order_change', 'read', 'ReadOrderChange', 'Read OrderChange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MEFCMXQXFV8VF5RQH', 'order_change:create', 'order_change', 'create', 'CreateOrderChange', 'Create OrderChange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MSETDRDEC63Z88CSP', 'order_change:update', 'order_change', 'update', 'UpdateOrderChange', 'Update OrderChange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MBC9NT5RQFB2XY868', 'order_change:delete', 'order_change', 'delete', 'DeleteOrderChange', 'Delete OrderChange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MF496P2TMGKFJD1V6', 'order_claim:read', 'order_claim', 'read', 'ReadOrderClaim', 'Read OrderClaim', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18M50M9VFZEKYMVS1Z2', 'order_claim:create', 'order_claim', 'create', 'CreateOrderClaim', 'Create OrderClaim', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18M4J9G0TNTWGW1AQDG', 'order_claim:update', 'order_claim', 'update', 'UpdateOrderClaim', 'Update OrderClaim', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MWMKPRQJTGXQKFBJ3', 'order_claim:delete', 'order_claim', 'delete', 'DeleteOrderClaim', 'Delete OrderClaim', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MV9P5YXDD1697ZG8D', 'order_claim_item:read', 'order_claim_item', 'read', 'ReadOrderClaimItem', 'Read OrderClaimItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18M9CCRQX9RMY459BRJ', 'order_claim_item:create', 'order_claim_item', 'create', 'CreateOrderClaimItem', 'Create OrderClaimItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18M7836PB3VYSVZ9V0A', 'order_claim_item:update', 'order_claim_item', 'update', 'UpdateOrderClaimItem', 'Update OrderClaimItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18M4MT0RB9WJTEDREPB', 'order_claim_item:delete', 'order_claim_item', 'delete', 'DeleteOrderClaimItem', 'Delete OrderClaimItem', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MTK6B7QDZ5SGX0VYW', 'order_exchange:read', 'order_exchange', 'read', 'ReadOrderExchange', 'Read OrderExchange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18M150RF687SFWT1ZJS', 'order_exchange:create', 'order_exchange', 'create', 'CreateOrderExchange', 'Create OrderExchange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18MZQNPG5HD67TR73E2', 'order_exchange:update', 'order_exchange', 'update', 'UpdateOrderExchange', 'Update OrderExchange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18M5N0F7PPVTEAY3YDR', 'order_exchange:delete', 'order_exchange', 'delete', 'DeleteOrderExchange', 'Delete OrderExchange', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18NXD3N1Q4J9PS36RPA', 'return:read', 'return', 'read', 'ReadReturn', 'Read Return', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18N6YEDSC3D8C9BMEXT', 'return:create', 'return', 'create', 'CreateReturn', 'Create Return', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18NM02FMV5QRWQ9SWGC', 'return:update', 'return', 'update', 'UpdateReturn', 'Update Return', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18NZSA342T498R53FNS', 'return:delete', 'return', 'delete', 'DeleteReturn', 'Delete Return', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18NG5WFC2M48TY3481Y', 'return_reason:read', 'return_reason', 'read', 'ReadReturnReason', 'Read ReturnReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18P14WT0ZPPNE5AXRS3', 'return_reason:create', 'return_reason', 'create', 'CreateReturnReason', 'Create ReturnReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PYSHTCZ39NS7JWE81', 'return_reason:update', 'return_reason', 'update', 'UpdateReturnReason', 'Update ReturnReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PDYYPK7275TJC8A4N', 'return_reason:delete', 'return_reason', 'delete', 'DeleteReturnReason', 'Delete ReturnReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18P86GY3RTFST6YCYRA', 'payment:read', 'payment', 'read', 'ReadPayment', 'Read Payment', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18P0VBYTXF7VWGMPAF8', 'payment:create', 'payment', 'create', 'CreatePayment', 'Create Payment', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18P1KSFZ6YBSNKFZNS7', 'payment:update', 'payment', 'update', 'UpdatePayment', 'Update Payment', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18P4XNPDXPVHF4BJMCS', 'payment:delete', 'payment', 'delete', 'DeletePayment', 'Delete Payment', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PR5V14E9PKBJDVB49', 'payment_collection:read', 'payment_collection', 'read', 'ReadPaymentCollection', 'Read PaymentCollection', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PERKM8DMHW73YH89P', 'payment_collection:create', 'payment_collection', 'create', 'CreatePaymentCollection', 'Create PaymentCollection', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PWG4DPHBH7DNDF8WQ', 'payment_collection:update', 'payment_collection', 'update', 'UpdatePaymentCollection', 'Update PaymentCollection', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PC6RMS6MH5W8GW0RK', 'payment_collection:delete', 'payment_collection', 'delete', 'DeletePaymentCollection', 'Delete PaymentCollection', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PXC5WNZ64HVQFQ3JE', 'payment_method:read', 'payment_method', 'read', 'ReadPaymentMethod', 'Read PaymentMethod', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PK4WZSPJSAPEJCV88', 'payment_method:create', 'payment_method', 'create', 'CreatePaymentMethod', 'Create PaymentMethod', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PGYAWS551XEXC5WAW', 'payment_method:update', 'payment_method', 'update', 'UpdatePaymentMethod', 'Update PaymentMethod', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PCKDAP9SW7EAGA8T3', 'payment_method:delete', 'payment_method', 'delete', 'DeletePaymentMethod', 'Delete PaymentMethod', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PH546G19TKWVWDJ0C', 'payment_session:read', 'payment_session', 'read', 'ReadPaymentSession', 'Read PaymentSession', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PM5CRD47RN99BK8W4', 'payment_session:create', 'payment_session', 'create', 'CreatePaymentSession', 'Create PaymentSession', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18PKM014XMM8J8KGJRZ', 'payment_session:update', 'payment_session', 'update', 'UpdatePaymentSession', 'Update PaymentSession', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18P64T7RABSJ8VTPMCR', 'payment_session:delete', 'payment_session', 'delete', 'DeletePaymentSession', 'Delete PaymentSession', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Q1NRC07K5CAP5J2EE', 'refund_reason:read', 'refund_reason', 'read', 'ReadRefundReason', 'Read RefundReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Q4HR7TC2YMNQTEMBC', 'refund_reason:create', 'refund_reason', 'create', 'CreateRefundReason', 'Create RefundReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QNXNPZZHP16PFDM4B', 'refund_reason:update', 'refund_reason', 'update', 'UpdateRefundReason', 'Update RefundReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Q2MMZFR4A0YV10WYR', 'refund_reason:delete', 'refund_reason', 'delete', 'DeleteRefundReason', 'Delete RefundReason', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Q7Y1HNTH2RMC6FDW1', 'price_list:read', 'price_list', 'read', 'ReadPriceList', 'Read PriceList', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Q54BVK4T0WV3WEPCZ', 'price_list:create', 'price_list', 'create', 'CreatePriceList', 'Create PriceList', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QPQ68H2G84CB480JN', 'price_list:update', 'price_list', 'update', 'UpdatePriceList', 'Update PriceList', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Q0DGQH813QV4Y33C9', 'price_list:delete', 'price_list', 'delete', 'DeletePriceList', 'Delete PriceList', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QCD4NHEXZN0PJZ1HR', 'price_preference:read', 'price_preference', 'read', 'ReadPricePreference', 'Read PricePreference', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Q7JFB6ZHEBC6JM8N0', 'price_preference:create', 'price_preference', 'create', 'CreatePricePreference', 'Create PricePreference', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QC5B2162ZS4Z105SD', 'price_preference:update', 'price_preference', 'update', 'UpdatePricePreference', 'Update PricePreference', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QY8677D4MA8T1BSGP', 'price_preference:delete', 'price_preference', 'delete', 'DeletePricePreference', 'Delete PricePreference', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QBFAMDX19YJKQE30R', 'price:read', 'price', 'read', 'ReadPrice', 'Read Price', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QW3EC9BYMF5SWEPSN', 'price:create', 'price', 'create', 'CreatePrice', 'Create Price', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QAYQ4FDCAZRTXK2ST', 'price:update', 'price', 'update', 'UpdatePrice', 'Update Price', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QXNSC9RH1XPZWDP48', 'price:delete', 'price', 'delete', 'DeletePrice', 'Delete Price', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QYFAFEVSJQZS253CD', 'currency:read', 'currency', 'read', 'ReadCurrency', 'Read Currency', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QQ8EDX0GXQ86VVN49', 'currency:create', 'currency', 'create', 'CreateCurrency', 'Create Currency', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QVT3E8NYQEN3Q2A9E', 'currency:update', 'currency', 'update', 'UpdateCurrency', 'Update Currency', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18QAS3DEC34TRKBAM4E', 'currency:delete', 'currency', 'delete', 'DeleteCurrency', 'Delete Currency', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RJW2YMA2QKHPK7PAA', 'product:read', 'product', 'read', 'ReadProduct', 'Read Product', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RBR6K88QBCXGSZPVJ', 'product:create', 'product', 'create', 'CreateProduct', 'Create Product', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RMY318NMA6W1X8946', 'product:update', 'product', 'update', 'UpdateProduct', 'Update Product', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RYT24H6K3MZNKJ3RE', 'product:delete', 'product', 'delete', 'DeleteProduct', 'Delete Product', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RG4TP8JY68SP148C3', 'product_variant:read', 'product_variant', 'read', 'ReadProductVariant', 'Read ProductVariant', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18R254BD3B7NFPJPT1K', 'product_variant:create', 'product_variant', 'create', 'CreateProductVariant', 'Create ProductVariant', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18R4EED0QANFYCMMRJB', 'product_variant:update', 'product_variant', 'update', 'UpdateProductVariant', 'Update ProductVariant', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RJSMSPH8JGGBM8SVQ', 'product_variant:delete', 'product_variant', 'delete', 'DeleteProductVariant', 'Delete ProductVariant', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RHFJ5SYBYHCMTJ366', 'product_option:read', 'product_option', 'read', 'ReadProductOption', 'Read ProductOption', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18R1K25X932EBVHBVVB', 'product_option:create', 'product_option', 'create', 'CreateProductOption', 'Create ProductOption', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RM80PCKZ1J098SEPS', 'product_option:update', 'product_option', 'update', 'UpdateProductOption', 'Update ProductOption', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18R2B6K3735QR7DXPFA', 'product_option:delete', 'product_option', 'delete', 'DeleteProductOption', 'Delete ProductOption', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18R078X6XCZ0HZ5CVJG', 'product_option_value:read', 'product_option_value', 'read', 'ReadProductOptionValue', 'Read ProductOptionValue', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18R7AGA95YS9445N9YB', 'product_option_value:create', 'product_option_value', 'create', 'CreateProductOptionValue', 'Create ProductOptionValue', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18R7NMS8V4FR1SHQP84', 'product_option_value:update', 'product_option_value', 'update', 'UpdateProductOptionValue', 'Update ProductOptionValue', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RJQTZD3V1EATAHNQ5', 'product_option_value:delete', 'product_option_value', 'delete', 'DeleteProductOptionValue', 'Delete ProductOptionValue', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RHRXZ18ND6XC0DB1A', 'product_tag:read', 'product_tag', 'read', 'ReadProductTag', 'Read ProductTag', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RAAG064G7Q1EJD8W9', 'product_tag:create', 'product_tag', 'create', 'CreateProductTag', 'Create ProductTag', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18RPWW318R6CDM6EE6X', 'product_tag:update', 'product_tag', 'update', 'UpdateProductTag', 'Update ProductTag', NULL, '2026-11-30 03:03:09.863+00', '2026-11-30 03:03:09.863+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SM4RACS65W369TV78', 'product_tag:delete', 'product_tag', 'delete', 'DeleteProductTag', 'Delete ProductTag', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SQ4KET24RFPQXN3R0', 'product_type:read', 'product_type', 'read', 'ReadProductType', 'Read ProductType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SHAP3KBYVY61ZVMSY', 'product_type:create', 'product_type', 'create', 'CreateProductType', 'Create ProductType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S9T5C8HEGRZ522HJ0', 'product_type:update', 'product_type', 'update', 'UpdateProductType', 'Update ProductType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S0XDVA00WKW9QACVD', 'product_type:delete', 'product_type', 'delete', 'DeleteProductType', 'Delete ProductType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SXZSDVY020Z7NJ6DK', 'product_category:read', 'product_category', 'read', 'ReadProductCategory', 'Read ProductCategory', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S4GGEQDF2Y29K7FSJ', 'product_category:create', 'product_category', 'create', 'CreateProductCategory', 'Create ProductCategory', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SVCME9SZ54PTSRDD4', 'product_category:update', 'product_category', 'update', 'UpdateProductCategory', 'Update ProductCategory', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SN1KFTBY5ZAZ46KM5', 'product_category:delete', 'product_category', 'delete', 'DeleteProductCategory', 'Delete ProductCategory', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S7MP9ZCHSD5TJA0T0', 'product_collection:read', 'product_collection', 'read', 'ReadProductCollection', 'Read ProductCollection', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S2HVDVD96ZM44ETYG', 'product_collection:create', 'product_collection', 'create', 'CreateProductCollection', 'Create ProductCollection', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S9GHYKMFG69Z0DQQJ', 'product_collection:update', 'product_collection', 'update', 'UpdateProductCollection', 'Update ProductCollection', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S2F4VETX073C4AF6W', 'product_collection:delete', 'product_collection', 'delete', 'DeleteProductCollection', 'Delete ProductCollection', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S3BYQCP05QB4DWJ82', 'campaign:read', 'campaign', 'read', 'ReadCampaign', 'Read Campaign', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SDT3R55BYF20SQBJJ', 'campaign:create', 'campaign', 'create', 'CreateCampaign', 'Create Campaign', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18SZG0R63Q5MRBH113R', 'campaign:update', 'campaign', 'update', 'UpdateCampaign', 'Update Campaign', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18S57MGFS42J4YKFFG5', 'campaign:delete', 'campaign', 'delete', 'DeleteCampaign', 'Delete Campaign', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T4K3KW2KM9FDMHTVM', 'promotion:read', 'promotion', 'read', 'ReadPromotion', 'Read Promotion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TCD9YX1VQYHF4RJQ5', 'promotion:create', 'promotion', 'create', 'CreatePromotion', 'Create Promotion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T4K9Y63BCFV6MM8CW', 'promotion:update', 'promotion', 'update', 'UpdatePromotion', 'Update Promotion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T5G9H50Z22HRH343V', 'promotion:delete', 'promotion', 'delete', 'DeletePromotion', 'Delete Promotion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T4BW9DMV6SH70FWTN', 'region:read', 'region', 'read', 'ReadRegion', 'Read Region', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TWQNNM3W9Y2RHA2AP', 'region:create', 'region', 'create', 'CreateRegion', 'Create Region', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T9W9DKPVEXZG2S4WF', 'region:update', 'region', 'update', 'UpdateRegion', 'Update Region', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TGHZVZS364M1ANGWT', 'region:delete', 'region', 'delete', 'DeleteRegion', 'Delete Region', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TFMWS9Q0WHRVYZYM3', 'sales_channel:read', 'sales_channel', 'read', 'ReadSalesChannel', 'Read SalesChannel', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T400KG04MPBF9FVBJ', 'sales_channel:create', 'sales_channel', 'create', 'CreateSalesChannel', 'Create SalesChannel', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TVCWTG7X1YDYZ7SWX', 'sales_channel:update', 'sales_channel', 'update', 'UpdateSalesChannel', 'Update SalesChannel', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TB3TTNV1A32B27DGJ', 'sales_channel:delete', 'sales_channel', 'delete', 'DeleteSalesChannel', 'Delete SalesChannel', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T0Z6EMQGGJYBHQ806', 'store:read', 'store', 'read', 'ReadStore', 'Read Store', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TGTSJFT21QXYKZNRQ', 'store:create', 'store', 'create', 'CreateStore', 'Create Store', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T5V0Q1SVHZMFPXRP9', 'store:update', 'store', 'update', 'UpdateStore', 'Update Store', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TDY2AHY8M8KCPSP4R', 'store:delete', 'store', 'delete', 'DeleteStore', 'Delete Store', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TJHDNF9EPPFXR6WCX', 'store_locale:read', 'store_locale', 'read', 'ReadStoreLocale', 'Read StoreLocale', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18TTQQGH5NWKNK1YHMZ', 'store_locale:create', 'store_locale', 'create', 'CreateStoreLocale', 'Create StoreLocale', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18T8A9DZKKAZ7DWMYNG', 'store_locale:update', 'store_locale', 'update', 'UpdateStoreLocale', 'Update StoreLocale', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VM68NJH1VFBNTV6FP', 'store_locale:delete', 'store_locale', 'delete', 'DeleteStoreLocale', 'Delete StoreLocale', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VYF3ZT1RWS2Q4PPM4', 'shipping_option:read', 'shipping_option', 'read', 'ReadShippingOption', 'Read ShippingOption', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VJFQ864J4D6GE5XRC', 'shipping_option:create', 'shipping_option', 'create', 'CreateShippingOption', 'Create ShippingOption', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VCM9ZCWQQRTT8647A', 'shipping_option:update', 'shipping_option', 'update', 'UpdateShippingOption', 'Update ShippingOption', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VCWRFGMAC6VBJDVC5', 'shipping_option:delete', 'shipping_option', 'delete', 'DeleteShippingOption', 'Delete ShippingOption', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18V9GRQ0F3FWQ2M1C6J', 'shipping_option_type:read', 'shipping_option_type', 'read', 'ReadShippingOptionType', 'Read ShippingOptionType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18V2F2WKSN8ZCQTMW5E', 'shipping_option_type:create', 'shipping_option_type', 'create', 'CreateShippingOptionType', 'Create ShippingOptionType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18V9TKEBZ2YMR1TJTF8', 'shipping_option_type:update', 'shipping_option_type', 'update', 'UpdateShippingOptionType', 'Update ShippingOptionType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VTXNRVXD4WM17HQ7R', 'shipping_option_type:delete', 'shipping_option_type', 'delete', 'DeleteShippingOptionType', 'Delete ShippingOptionType', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18V895YXSGYG3AV29HJ', 'shipping_profile:read', 'shipping_profile', 'read', 'ReadShippingProfile', 'Read ShippingProfile', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VGNPXE9SMVZDDN6HY', 'shipping_profile:create', 'shipping_profile', 'create', 'CreateShippingProfile', 'Create ShippingProfile', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VXZ85F2GZTH3DGV3X', 'shipping_profile:update', 'shipping_profile', 'update', 'UpdateShippingProfile', 'Update ShippingProfile', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18V3VZH75J2M314SG5G', 'shipping_profile:delete', 'shipping_profile', 'delete', 'DeleteShippingProfile', 'Delete ShippingProfile', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VZEQBPR7X0D1MT3QV', 'fulfillment:read', 'fulfillment', 'read', 'ReadFulfillment', 'Read Fulfillment', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VEE462ZF1TFF2APR7', 'fulfillment:create', 'fulfillment', 'create', 'CreateFulfillment', 'Create Fulfillment', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18VD06Y1ZWE99HN81S0', 'fulfillment:update', 'fulfillment', 'update', 'UpdateFulfillment', 'Update Fulfillment', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18V0N2S73HMH3732502', 'fulfillment:delete', 'fulfillment', 'delete', 'DeleteFulfillment', 'Delete Fulfillment', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WQYJD7XNFPE036VRD', 'fulfillment_provider:read', 'fulfillment_provider', 'read', 'ReadFulfillmentProvider', 'Read FulfillmentProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WMFRE3HVFZ7M9AB2T', 'fulfillment_provider:create', 'fulfillment_provider', 'create', 'CreateFulfillmentProvider', 'Create FulfillmentProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WYW526DY7P73HJR5P', 'fulfillment_provider:update', 'fulfillment_provider', 'update', 'UpdateFulfillmentProvider', 'Update FulfillmentProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WBH1GX7X7XBP19XXV', 'fulfillment_provider:delete', 'fulfillment_provider', 'delete', 'DeleteFulfillmentProvider', 'Delete FulfillmentProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WR7TZQ0DW2DD07QDF', 'fulfillment_set:read', 'fulfillment_set', 'read', 'ReadFulfillmentSet', 'Read FulfillmentSet', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18W1TKMM6MD26BY3M3F', 'fulfillment_set:create', 'fulfillment_set', 'create', 'CreateFulfillmentSet', 'Create FulfillmentSet', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WKK2CSE11RVQGSR4E', 'fulfillment_set:update', 'fulfillment_set', 'update', 'UpdateFulfillmentSet', 'Update FulfillmentSet', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WKSA3T3RWGR83J85Y', 'fulfillment_set:delete', 'fulfillment_set', 'delete', 'DeleteFulfillmentSet', 'Delete FulfillmentSet', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WEHSNZVMB9N7W757A', 'service_zone:read', 'service_zone', 'read', 'ReadServiceZone', 'Read ServiceZone', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18W0Q7P3FJ7ZV2D3B5H', 'service_zone:create', 'service_zone', 'create', 'CreateServiceZone', 'Create ServiceZone', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WJDEE3BP43QT7Q41Q', 'service_zone:update', 'service_zone', 'update', 'UpdateServiceZone', 'Update ServiceZone', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WYKATD73M37K8QZSF', 'service_zone:delete', 'service_zone', 'delete', 'DeleteServiceZone', 'Delete ServiceZone', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WNK1GP8X08V0VWM60', 'file:read', 'file', 'read', 'ReadFile', 'Read File', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WVBM3J35767SW247J', 'file:create', 'file', 'create', 'CreateFile', 'Create File', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WSDMMHHHS9D4KK28X', 'file:update', 'file', 'update', 'UpdateFile', 'Update File', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WWKWYJ6P8Z1D31930', 'file:delete', 'file', 'delete', 'DeleteFile', 'Delete File', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WRKQ2EQ44Z1CG8994', 'notification:read', 'notification', 'read', 'ReadNotification', 'Read Notification', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WCV2SK1TYGQC7TAB8', 'notification:create', 'notification', 'create', 'CreateNotification', 'Create Notification', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18WQGGCBWZ8V1EKBB7H', 'notification:update', 'notification', 'update', 'UpdateNotification', 'Update Notification', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18X8GF3V3431P6PK3Y9', 'notification:delete', 'notification', 'delete', 'DeleteNotification', 'Delete Notification', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XGA0DQ0WF6GS7Z4TZ', 'workflow_execution:read', 'workflow_execution', 'read', 'ReadWorkflowExecution', 'Read WorkflowExecution', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XNF26BKAN0QZE138V', 'workflow_execution:create', 'workflow_execution', 'create', 'CreateWorkflowExecution', 'Create WorkflowExecution', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18X0RD0XWVBK3X0KPMD', 'workflow_execution:update', 'workflow_execution', 'update', 'UpdateWorkflowExecution', 'Update WorkflowExecution', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XMNM2KE7B5MDRMAFK', 'workflow_execution:delete', 'workflow_execution', 'delete', 'DeleteWorkflowExecution', 'Delete WorkflowExecution', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XP1J40CJGBAKH07SP', 'tax_provider:read', 'tax_provider', 'read', 'ReadTaxProvider', 'Read TaxProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18X2GPDDBXG3ZGYX6BN', 'tax_provider:create', 'tax_provider', 'create', 'CreateTaxProvider', 'Create TaxProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XJ4T42JGSGG0P2F3R', 'tax_provider:update', 'tax_provider', 'update', 'UpdateTaxProvider', 'Update TaxProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XG3E41M0QG5VKCSKV', 'tax_provider:delete', 'tax_provider', 'delete', 'DeleteTaxProvider', 'Delete TaxProvider', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XHB4GNX1HYFNSJ24A', 'tax_rate:read', 'tax_rate', 'read', 'ReadTaxRate', 'Read TaxRate', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XRHPYZP551BAF4VHY', 'tax_rate:create', 'tax_rate', 'create', 'CreateTaxRate', 'Create TaxRate', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18XPZK5N1RQPKZGSD64', 'tax_rate:update', 'tax_rate', 'update', 'UpdateTaxRate', 'Update TaxRate', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18X993NZGP3WG7B1E2G', 'tax_rate:delete', 'tax_rate', 'delete', 'DeleteTaxRate', 'Delete TaxRate', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18X3BSCEVWPZSVDFJ60', 'tax_region:read', 'tax_region', 'read', 'ReadTaxRegion', 'Read TaxRegion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Y0C18PZ49PDJ1ZYJP', 'tax_region:create', 'tax_region', 'create', 'CreateTaxRegion', 'Create TaxRegion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Y464TXKZYCCF30W3Y', 'tax_region:update', 'tax_region', 'update', 'UpdateTaxRegion', 'Update TaxRegion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YBZCJXWN84CFG31X2', 'tax_region:delete', 'tax_region', 'delete', 'DeleteTaxRegion', 'Delete TaxRegion', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YST7JVDEPZBMJ2KM4', 'translation:read', 'translation', 'read', 'ReadTranslation', 'Read Translation', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YV4J1653VRM4FKF3A', 'translation:create', 'translation', 'create', 'CreateTranslation', 'Create Translation', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YWWV2RD4ZABHRZAPD', 'translation:update', 'translation', 'update', 'UpdateTranslation', 'Update Translation', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YHDNR1ZP4MZM071GN', 'translation:delete', 'translation', 'delete', 'DeleteTranslation', 'Delete Translation', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YZDRZ7G7TESGWY8AA', 'translation_setting:read', 'translation_setting', 'read', 'ReadTranslationSetting', 'Read TranslationSetting', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YJRSWZ8DDX2R83KG9', 'translation_setting:create', 'translation_setting', 'create', 'CreateTranslationSetting', 'Create TranslationSetting', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YRHT2GQ74JZ0W1CZY', 'translation_setting:update', 'translation_setting', 'update', 'UpdateTranslationSetting', 'Update TranslationSetting', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Y4ZES0DBWFP5279G6', 'translation_setting:delete', 'translation_setting', 'delete', 'DeleteTranslationSetting', 'Delete TranslationSetting', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YF5QD5NX8E4XNYCJF', 'user:read', 'user', 'read', 'ReadUser', 'Read User', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YWRYMC2R4WGH8VFH9', 'user:create', 'user', 'create', 'CreateUser', 'Create User', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YJ5Z3QB582S0PKN80', 'user:update', 'user', 'update', 'UpdateUser', 'Update User', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YXWZXG3YFD33JWZ7E', 'user:delete', 'user', 'delete', 'DeleteUser', 'Delete User', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YCMAR7EF7ZQNFKQ9Y', 'api_key:read', 'api_key', 'read', 'ReadApiKey', 'Read ApiKey', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18YZK44Z49WSBRJ4RE8', 'api_key:create', 'api_key', 'create', 'CreateApiKey', 'Create ApiKey', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Y9EQZKHJ02DYC0GVH', 'api_key:update', 'api_key', 'update', 'UpdateApiKey', 'Update ApiKey', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Y3W1PXJM4ZH6R92DF', 'api_key:delete', 'api_key', 'delete', 'DeleteApiKey', 'Delete ApiKey', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Y9SQB0NTVHE7TKX5Q', 'invite:read', 'invite', 'read', 'ReadInvite', 'Read Invite', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZG32KKPEA383FZFP1', 'invite:create', 'invite', 'create', 'CreateInvite', 'Create Invite', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZFX766T1DPHJ3JW64', 'invite:update', 'invite', 'update', 'UpdateInvite', 'Update Invite', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZKSSRV0H7S0K5VHHR', 'invite:delete', 'invite', 'delete', 'DeleteInvite', 'Delete Invite', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZNCAHZ5R18W5S3WTT', 'rbac_role:read', 'rbac_role', 'read', 'ReadRbacRole', 'Read RbacRole', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZPVT2RQMNKM0710TK', 'rbac_role:create', 'rbac_role', 'create', 'CreateRbacRole', 'Create RbacRole', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZPY9JMJYXZ19BAJVM', 'rbac_role:update', 'rbac_role', 'update', 'UpdateRbacRole', 'Update RbacRole', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18Z7WD2WDVGK1F8NB3A', 'rbac_role:delete', 'rbac_role', 'delete', 'DeleteRbacRole', 'Delete RbacRole', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZV8DRP8KDDE35CDZ2', 'rbac_policy:read', 'rbac_policy', 'read', 'ReadRbacPolicy', 'Read RbacPolicy', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZZ7VRD9X9EQHP804M', 'rbac_policy:create', 'rbac_policy', 'create', 'CreateRbacPolicy', 'Create RbacPolicy', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZDQ9EBFV1PVBRSS7H', 'rbac_policy:update', 'rbac_policy', 'update', 'UpdateRbacPolicy', 'Update RbacPolicy', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_policy VALUES ('rpol_01M8N6G18ZB08NC5JNCA5DP6Z3', 'rbac_policy:delete', 'rbac_policy', 'delete', 'DeleteRbacPolicy', 'Delete RbacPolicy', NULL, '2026-11-30 03:03:09.864+00', '2026-11-30 03:03:09.864+00', NULL);
INSERT INTO public.rbac_role VALUES ('role_super_admin', 'Super Admin', 'Super admin role with full access to all resources and operations', NULL, '2026-11-30 03:03:00.322+00', '2026-11-30 03:03:00.322+00', NULL);
INSERT INTO public.rbac_role VALUES ('role_01M8N6G6B9ZM983C3KNPMJ234T', 'Reader', NULL, NULL, '2026-11-30 03:03:15.05+00', '2026-11-30 03:03:15.05+00', NULL);
INSERT INTO public.rbac_role VALUES ('role_01M8N6G6BAF10SB9FYSKFZKN91', 'Support', NULL, '{"team": "north"}', '2026-11-30 03:03:15.05+00', '2026-11-30 03:03:15.05+00', NULL);
INSERT INTO public.rbac_role VALUES ('role_01M8N6GDQ17FCMEKY6VNPDZREH', 'Auditor', NULL, NULL, '2026-11-30 03:03:22.599+00', '2026-11-30 03:03:22.599+00', NULL);
INSERT INTO public.rbac_role_parent VALUES ('rlin_01M8N6G6BKSH794MZGJBEDVSZS', 'role_01M8N6G6BAF10SB9FYSKFZKN91', 'role_01M8N6G6B9ZM983C3KNPMJ234T', NULL, '2026-11-30 03:03:15.059+00', '2026-11-30 03:03:15.059+00', NULL);
INSERT INTO public.rbac_role_policy VALUES ('rlpl_super_admin', 'role_super_admin', 'rpol_super_admin', NULL, '2026-11-30 03:03:00.418+00', '2026-11-30 03:03:00.418+00', NULL);
INSERT INTO public.rbac_role_policy VALUES ('rlpl_01M8N6G6BETKGTXQ4FHRKHJXT5', 'role_01M8N6G6B9ZM983C3KNPMJ234T', 'rpol_01M8N6G18J6265T9945W1VF7XD', NULL, '2026-11-30 03:03:15.054+00', '2026-11-30 03:03:15.054+00', NULL);
INSERT INTO public.rbac_role_policy VALUES ('rlpl_01M8N6G6BEFR4TATKQ3H4ECN62', 'role_01M8N6G6B9ZM983C3KNPMJ234T', 'rpol_01M8N6G18YF5QD5NX8E4XNYCJF', NULL, '2026-11-30 03:03:15.054+00', '2026-11-30 03:03:15.054+00', NULL);
INSERT INTO public.rbac_role_policy VALUES ('rlpl_01M8N6GDQYCZY6Q5BPM7QJ2NP8', 'role_01M8N6GDQ17FCMEKY6VNPDZREH', 'rpol_01M8N6G18J0K6P5K6V592TNAGT', NULL, '2026-11-30 03:03:22.622+00', '2026-11-30 03:03:22.622+00', NULL);
INSERT INTO public."user" VALUES ('user_01M8N6G1ARM2K04FM2HWYG4R6G', NULL, NULL, 'root@example.com', NULL, NULL, '2026-11-30 03:03:09.913+00', '2026-11-30 03:03:09.913+00', NULL);
INSERT INTO public."user" VALUES ('user_01M8N6GE3B2DARA4YBAGEWK0DH', 'Sam', NULL, 'support@example.com', NULL, NULL, '2026-11-30 03:03:22.987+00', '2026-11-30 03:03:22.987+00', NULL);
INSERT INTO public.user_rbac_role VALUES ('user_01M8N6G1ARM2K04FM2HWYG4R6G', 'role_super_admin', 'userrole_01M8N6G1AWG1X8RP6X5FPCWBNX', '2026-11-30 03:03:09.916028+00', '2026-11-30 03:03:09.916028+00', NULL);
INSERT INTO public.user_rbac_role VALUES ('user_01M8N6GE3B2DARA4YBAGEWK0DH', 'role_01M8N6G6BAF10SB9FYSKFZKN91', 'userrole_01M8N6GE3JGV3R2ECNKSAYJMD1', '2026-11-30 03:03:22.992697+00', '2026-11-30 03:03:22.992697+00', NULL);
ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_identity
    ADD CONSTRAINT auth_identity_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_mfa_factor
    ADD CONSTRAINT auth_mfa_factor_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_mfa_recovery_code
    ADD CONSTRAINT auth_mfa_recovery_code_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_verification
    ADD CONSTRAINT auth_verification_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customer_address
    ADD CONSTRAINT customer_address_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customer_group_customer
    ADD CONSTRAINT customer_group_customer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customer_group
    ADD CONSTRAINT customer_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invite
    ADD CONSTRAINT invite_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invite_rbac_role
    ADD CONSTRAINT invite_rbac_role_pkey PRIMARY KEY (invite_id, rbac_role_id);
ALTER TABLE ONLY public.provider_identity
    ADD CONSTRAINT provider_identity_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rbac_policy
    ADD CONSTRAINT rbac_policy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rbac_role_parent
    ADD CONSTRAINT rbac_role_parent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rbac_role
    ADD CONSTRAINT rbac_role_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rbac_role_policy
    ADD CONSTRAINT rbac_role_policy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public."user"
    ADD CONSTRAINT user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_rbac_role
    ADD CONSTRAINT user_rbac_role_pkey PRIMARY KEY (user_id, rbac_role_id);
CREATE INDEX "IDX_api_key_deleted_at" ON public.api_key USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_api_key_redacted" ON public.api_key USING btree (redacted) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_api_key_revoked_at" ON public.api_key USING btree (revoked_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_api_key_token_unique" ON public.api_key USING btree (token);
CREATE INDEX "IDX_api_key_type" ON public.api_key USING btree (type);
CREATE INDEX "IDX_auth_identity_deleted_at" ON public.auth_identity USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_auth_mfa_factor_auth_identity_id" ON public.auth_mfa_factor USING btree (auth_identity_id) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_auth_mfa_factor_auth_identity_provider_active" ON public.auth_mfa_factor USING btree (auth_identity_id, provider) WHERE ((deleted_at IS NULL) AND (status = ANY (ARRAY['pending'::text, 'enabled'::text])));
CREATE INDEX "IDX_auth_mfa_factor_deleted_at" ON public.auth_mfa_factor USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_auth_mfa_recovery_code_auth_identity_code_hash" ON public.auth_mfa_recovery_code USING btree (auth_identity_id, code_hash) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_auth_mfa_recovery_code_auth_identity_id" ON public.auth_mfa_recovery_code USING btree (auth_identity_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_auth_mfa_recovery_code_deleted_at" ON public.auth_mfa_recovery_code USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_auth_verification_auth_identity_id" ON public.auth_verification USING btree (auth_identity_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_auth_verification_deleted_at" ON public.auth_verification USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_auth_verification_unique_auth_identity_entity_id_entity_typ" ON public.auth_verification USING btree (auth_identity_id, entity_id, entity_type) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_customer_address_customer_id" ON public.customer_address USING btree (customer_id);
CREATE INDEX "IDX_customer_address_deleted_at" ON public.customer_address USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_customer_address_unique_customer_billing" ON public.customer_address USING btree (customer_id) WHERE (is_default_billing = true);
CREATE UNIQUE INDEX "IDX_customer_address_unique_customer_shipping" ON public.customer_address USING btree (customer_id) WHERE (is_default_shipping = true);
CREATE INDEX "IDX_customer_deleted_at" ON public.customer USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_customer_email_has_account_unique" ON public.customer USING btree (email, has_account) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_customer_group_customer_customer_group_id" ON public.customer_group_customer USING btree (customer_group_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_customer_group_customer_customer_id" ON public.customer_group_customer USING btree (customer_id);
CREATE INDEX "IDX_customer_group_customer_deleted_at" ON public.customer_group_customer USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_customer_group_deleted_at" ON public.customer_group USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_customer_group_name_unique" ON public.customer_group USING btree (name) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_deleted_at_-85069d44" ON public.invite_rbac_role USING btree (deleted_at);
CREATE INDEX "IDX_deleted_at_64ff0c4c" ON public.user_rbac_role USING btree (deleted_at);
CREATE INDEX "IDX_id_-85069d44" ON public.invite_rbac_role USING btree (id);
CREATE INDEX "IDX_id_64ff0c4c" ON public.user_rbac_role USING btree (id);
CREATE INDEX "IDX_invite_deleted_at" ON public.invite USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE UNIQUE INDEX "IDX_invite_email_unique" ON public.invite USING btree (email) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_invite_id_-85069d44" ON public.invite_rbac_role USING btree (invite_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_invite_token" ON public.invite USING btree (token) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_provider_identity_auth_identity_id" ON public.provider_identity USING btree (auth_identity_id);
CREATE INDEX "IDX_provider_identity_deleted_at" ON public.provider_identity USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_provider_identity_provider_entity_id" ON public.provider_identity USING btree (entity_id, provider);
CREATE INDEX "IDX_rbac_policy_deleted_at" ON public.rbac_policy USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_rbac_policy_key_unique" ON public.rbac_policy USING btree (key) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_policy_operation" ON public.rbac_policy USING btree (operation) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_policy_resource" ON public.rbac_policy USING btree (resource) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_deleted_at" ON public.rbac_role USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_id_-85069d44" ON public.invite_rbac_role USING btree (rbac_role_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_id_64ff0c4c" ON public.user_rbac_role USING btree (rbac_role_id) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_rbac_role_name_unique" ON public.rbac_role USING btree (name) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_parent_deleted_at" ON public.rbac_role_parent USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_parent_parent_id" ON public.rbac_role_parent USING btree (parent_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_parent_role_id" ON public.rbac_role_parent USING btree (role_id) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_rbac_role_parent_role_id_parent_id_unique" ON public.rbac_role_parent USING btree (role_id, parent_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_policy_deleted_at" ON public.rbac_role_policy USING btree (deleted_at) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_policy_policy_id" ON public.rbac_role_policy USING btree (policy_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_rbac_role_policy_role_id" ON public.rbac_role_policy USING btree (role_id) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX "IDX_rbac_role_policy_role_id_policy_id_unique" ON public.rbac_role_policy USING btree (role_id, policy_id) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_user_deleted_at" ON public."user" USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE UNIQUE INDEX "IDX_user_email_unique" ON public."user" USING btree (email) WHERE (deleted_at IS NULL);
CREATE INDEX "IDX_user_id_64ff0c4c" ON public.user_rbac_role USING btree (user_id) WHERE (deleted_at IS NULL);
ALTER TABLE ONLY public.auth_mfa_factor
    ADD CONSTRAINT auth_mfa_factor_auth_identity_id_foreign FOREIGN KEY (auth_identity_id) REFERENCES public.auth_identity(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_mfa_recovery_code
    ADD CONSTRAINT auth_mfa_recovery_code_auth_identity_id_foreign FOREIGN KEY (auth_identity_id) REFERENCES public.auth_identity(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_verification
    ADD CONSTRAINT auth_verification_auth_identity_id_foreign FOREIGN KEY (auth_identity_id) REFERENCES public.auth_identity(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.customer_address
    ADD CONSTRAINT customer_address_customer_id_foreign FOREIGN KEY (customer_id) REFERENCES public.customer(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.customer_group_customer
    ADD CONSTRAINT customer_group_customer_customer_group_id_foreign FOREIGN KEY (customer_group_id) REFERENCES public.customer_group(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.customer_group_customer
    ADD CONSTRAINT customer_group_customer_customer_id_foreign FOREIGN KEY (customer_id) REFERENCES public.customer(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.provider_identity
    ADD CONSTRAINT provider_identity_auth_identity_id_foreign FOREIGN KEY (auth_identity_id) REFERENCES public.auth_identity(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.rbac_role_parent
    ADD CONSTRAINT rbac_role_parent_parent_id_foreign FOREIGN KEY (parent_id) REFERENCES public.rbac_role(id) ON UPDATE CASCADE;
ALTER TABLE ONLY public.rbac_role_parent
    ADD CONSTRAINT rbac_role_parent_role_id_foreign FOREIGN KEY (role_id) REFERENCES public.rbac_role(id) ON UPDATE CASCADE;
ALTER TABLE ONLY public.rbac_role_policy
    ADD CONSTRAINT rbac_role_policy_policy_id_foreign FOREIGN KEY (policy_id) REFERENCES public.rbac_policy(id) ON UPDATE CASCADE;
ALTER TABLE ONLY public.rbac_role_policy
    ADD CONSTRAINT rbac_role_policy_role_id_foreign FOREIGN KEY (role_id) REFERENCES public.rbac_role(id) ON UPDATE CASCADE;
