-- A queue as the textbooks have it: as many jobs as the latest plan has, and what they carry.
DROP TABLE IF EXISTS plain_queue;
CREATE TABLE plain_queue (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    priority integer NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    result jsonb
);
INSERT INTO plain_queue (priority, payload)
SELECT priority, to_jsonb(j)
FROM training_jobs AS j
WHERE plan_id = latest_training_plan()
ORDER BY target, symbol;
CREATE INDEX plain_queue_pending ON plain_queue (priority DESC, id) WHERE state = 'pending';
