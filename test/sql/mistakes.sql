-- Mistakes that are easily made, and where the answer points.

CREATE TABLE candidates (target text, symbol text, score double precision, sample_size integer);
INSERT INTO candidates VALUES
    ('fwd_ret_5d', NULL, 0.6, 9000),
    ('fwd_ret_5d', 'DAX', 0.7, 9000),
    ('fwd_ret_5d', 'STOXX', 0.3, 9000),
    ('fwd_ret_1d', 'FTSE', 0.3, 9000);
CREATE TABLE decisions AS SELECT * FROM route_training_candidates('candidates');
INSERT INTO routing_policies (name, policy) VALUES ('strict', routing_policy_default());

-- ---- a symbol that has no row -------------------------------------------------------

-- in other letters, misspelt, of another target, of none; its target's own row is a decision of its own
SELECT * FROM explain_training_route('candidates', 'fwd_ret_5d', 'dax') WHERE scope <> 'cross_sectional';
SELECT count(*) FROM explain_training_route('candidates', 'fwd_ret_5d', 'STOX');
SELECT count(*) FROM explain_training_route('candidates', 'fwd_ret_5d', 'stoxx50');
SELECT count(*) FROM explain_training_route('candidates', 'fwd_ret_5d', 'FTSE');
SELECT count(*) FROM explain_training_route('candidates', 'fwd_ret_5d', '');
-- what has a row, and a target without one of its own, are nothing to tell of
SELECT * FROM explain_training_route('candidates', 'fwd_ret_1d', 'FTSE') WHERE scope = 'cross_sectional';
SELECT count(*) FROM explain_training_route('candidates', 'fwd_ret_1d', NULL);
-- the nearest, whatever else is near; names of other alphabets, and long ones, which are not compared
INSERT INTO candidates VALUES
    ('letters', 'Größe', 0.5, 9000),
    ('letters', 'GROSSE', 0.5, 9000),
    ('letters', '東京', 0.5, 9000),
    ('letters', repeat('long', 25) || 'er', 0.5, 9000);
SELECT count(*) FROM explain_training_route('candidates', 'letters', 'größe');
SELECT count(*) FROM explain_training_route('candidates', 'letters', 'grösse');
SELECT count(*) FROM explain_training_route('candidates', 'letters', '東証');
SELECT count(*) FROM explain_training_route('candidates', 'letters', '東西南北');
SELECT count(*) FROM explain_training_route('candidates', 'letters', repeat('long', 25));
SELECT count(*) FROM explain_training_route('candidates', 'letters', repeat('long', 26));

-- ---- a name where a policy's text is expected ------------------------------------------

SELECT plan_training('candidates', 'strict');
SELECT route_training_candidates('candidates', 'strict');
SELECT explain_training_route('candidates', 'fwd_ret_5d', 'DAX', 'it''s "strict"');
SELECT routing_policy_hash('strict');
INSERT INTO routing_policies (name, policy) VALUES ('mild', 'strict');
INSERT INTO routing_policies (name, policy) VALUES ('mild', '/etc/trainplan/mild.yaml');
SELECT plan_training('candidates', 'mild.yml');
SELECT routing_policy('default');

-- ---- a policy without routing: ----------------------------------------------------------

SELECT routing_policy_hash('{}');
SELECT routing_policy_hash('routing:');
SELECT routing_policy_hash('[strict]');
SELECT routing_policy_hash('null');
SELECT routing_policy_hash('5');
SELECT routing_policy_hash('');
SELECT routing_policy_hash(E'min_sample_size:\n  cross_sectional: 5000');
SELECT routing_policy_hash('both_strong_behaviour: PREFER_CS');
SELECT routing_policy_hash('Routing: {}');
SELECT routing_policy_hash('targets: {}');

-- ---- a file's name where a document's text is expected, and the other way round ------------

SELECT * FROM routing_decisions('/tmp/routing_plan.yaml');
SELECT * FROM routing_decisions('it''s.JSON');
SELECT * FROM routing_decisions('/tmp/folder');
SELECT * FROM routing_decisions('decisions');
SELECT import_training_plan('/tmp/training_plan.json');
SELECT import_training_plan('training_plan.yml');
SELECT import_training_plan('strict');
-- no file's name: more than a line, or more than a name
SELECT * FROM routing_decisions('{"targets": {}} # was candidates.yaml');
SELECT * FROM routing_decisions('targets: plan.yaml');
SELECT * FROM routing_decisions('/' || repeat('x', 100000));
SELECT * FROM routing_decisions(E'- x\n- y.yaml');
SELECT load_routing_plan('{"targets": {}}');
SELECT load_routing_plan(E'targets:\n  t: {}');
SELECT load_routing_plan('routing_plan.json');

-- the document of another kind
SELECT import_training_plan('{"metadata": {}, "targets": {"t": {"symbols": {}}}}');
SELECT * FROM routing_decisions('{"metadata": {}, "jobs": [], "summary": {}}');
SELECT * FROM routing_decisions('{"targets": null, "jobs": []}');
SELECT * FROM routing_decisions(routing_policy_default());

-- ---- a relation of the other kind --------------------------------------------------------------

SELECT plan_training('decisions');
SELECT route_training_candidates('decisions');
SELECT explain_training_route('decisions', 'fwd_ret_5d', 'DAX');
SELECT create_training_plan('candidates');
SELECT generate_training_plan('candidates');
-- of no kind
SELECT plan_training('routing_policies');
SELECT create_training_plan('routing_policies');

DELETE FROM training_plans;
DELETE FROM routing_policies;
DROP TABLE candidates, decisions;
