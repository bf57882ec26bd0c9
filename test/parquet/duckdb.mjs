// CSV from standard input into a Parquet file, or such a file's rows as JSON, by
// DuckDB: node duckdb.mjs write|read PATH
import { DuckDBInstance } from '@duckdb/node-api';

const [action, path] = process.argv.slice(2);
const file = `'${path.replaceAll("'", "''")}'`;
const connection = await (await DuckDBInstance.create(':memory:')).connect();

if (action === 'write') {
    await connection.run(`COPY (
        SELECT * FROM read_csv('/dev/stdin', header = true, allow_quoted_nulls = false,
            types = {'target': 'VARCHAR', 'symbol': 'VARCHAR'})
    ) TO ${file} (FORMAT parquet)`);
} else {
    const rows = await connection.runAndReadAll(`SELECT * FROM read_parquet(${file})`);

    console.log(JSON.stringify(rows.getRowObjectsJson()));
}
