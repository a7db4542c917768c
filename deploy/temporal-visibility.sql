-- Keeps Temporal's list of executions in the indexes that are used. Its schema has one for
-- each search attribute that there could be, sixty in all, and every workflow is written
-- into each of them, though it sets a few: four fifths of what a sign-in wrote. Searches by
-- all attributes stay indexed. Only lists by what every workflow has and nothing of Everlatch
-- or Temporal's UI asks for (run time, size, task queue, root) read the namespace instead.
--
-- Idempotent: run it after each update of the schema, as docker-compose.yml does. No index
-- is missing by its name, so that later updates of Temporal's schema find theirs.
DO $$
DECLARE
	found record;
	condition text;
BEGIN
	FOR found IN
		SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition, pg_get_indexdef(i.indexrelid, 2, true) AS attribute
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indrelid = 'executions_visibility'::regclass AND i.indpred IS NULL AND NOT i.indisprimary
			AND c.relname NOT IN ('default_idx', 'by_workflow_id', 'by_workflow_type', 'by_status')
	LOOP
		condition := CASE
			WHEN found.name IN ('by_execution_time', 'by_execution_duration', 'by_history_length', 'by_history_size_bytes',
				'by_state_transition_count', 'by_task_queue', 'by_root_workflow_id', 'by_root_run_id') THEN 'false'
			ELSE found.attribute || ' IS NOT NULL' -- a workflow without the attribute is in no index of it
		END;
		EXECUTE format('DROP INDEX %I', found.name);
		EXECUTE found.definition || ' WHERE ' || condition;
	END LOOP;
END $$;
