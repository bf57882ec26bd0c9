// Works as many empty jobs off as it is told, one by one over eight connections, and
// prints how many a second:
//
//   node queues.mjs trainplan|graphile-worker|pg-boss JOBS
//
// The jobs are made before, which is not measured; those of trainplan are the latest
// plan's.  trainplan and pg-boss are asked in eight loops, without pauses; graphile-worker
// runs its own.  npm: graphile-worker, pg-boss, pg.
import { Pool } from 'pg';

const CONNECTIONS = 8;
const BATCH = 1000; // of jobs that are made
const [queue, jobs] = [process.argv[2], Number(process.argv[3])];
const pool = new Pool({ max: CONNECTIONS });

// Eight at a time until there is nothing left; returns how many there were.
async function inLoops(workOne) {
    let done = 0;
    const loop = async () => {
        while (await workOne()) done++;
    };

    await Promise.all(Array.from({ length: CONNECTIONS }, loop));
    return done;
}

const makers = {
    async trainplan() {
        const { rows: [{ plan }] } = await pool.query('SELECT latest_training_plan() AS plan');
        const claim = { name: 'claim', text: 'SELECT * FROM claim_training_jobs($1, plan_id => $2)', values: ['worker', plan] };
        const complete = { name: 'complete', text: 'SELECT complete_training_job($1, $2, $3, $4)' };

        return () => inLoops(async () => {
            const { rows: [job] } = await pool.query(claim);

            return job && pool.query({ ...complete, values: [plan, job.job_id, job.attempt, '{"score": 0.5}'] });
        });
    },

    async 'graphile-worker'() {
        const { Logger, makeWorkerUtils, runOnce } = await import('graphile-worker');
        const options = { pgPool: pool, logger: new Logger(() => () => {}) };
        let done = 0;

        // it warns of a pool without
        pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
        const utils = await makeWorkerUtils(options);

        await utils.migrate();
        await pool.query('DELETE FROM graphile_worker._private_jobs');
        for (let made = 0; made < jobs; made += BATCH) {
            await pool.query(`SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
                SELECT json_populate_record(NULL::graphile_worker.job_spec, json_build_object('identifier', 'empty', 'payload', json_build_object('job', i)))
                FROM generate_series($1::integer + 1, $2::integer) AS i))`, [made, Math.min(made + BATCH, jobs)]);
        }
        return async () => {
            await runOnce({ ...options, concurrency: CONNECTIONS, taskList: { empty: async () => { done++; } } });
            return done;
        };
    },

    async 'pg-boss'() {
        const { PgBoss } = await import('pg-boss');
        const boss = new PgBoss({ max: CONNECTIONS, db: { executeSql: (text, values) => pool.query(text, values) }, supervise: false, schedule: false });

        await boss.start();
        await boss.deleteQueue('jobs');
        await boss.createQueue('jobs');
        for (let made = 0; made < jobs; made += BATCH) {
            await boss.insert('jobs', Array.from({ length: Math.min(BATCH, jobs - made) }, (_, i) => ({ data: { job: made + i } })));
        }
        return () => inLoops(async () => {
            const [job] = await boss.fetch('jobs');

            return job && boss.complete('jobs', job.id, { score: 0.5 });
        });
    },
};

const work = await makers[queue]();
await pool.query('VACUUM ANALYZE');
await pool.query('CHECKPOINT');
const begin = performance.now();
const done = await work();
const seconds = (performance.now() - begin) / 1000;

if (done !== jobs) throw new Error(`${done} of ${jobs} jobs were done`);
console.log(Math.round(jobs / seconds));
process.exit();
