// A YAML file as JSON, as the npm package yaml (YAML 1.2) reads it.
const { readFileSync } = require('fs')
const { parse } = require('yaml')

const text = readFileSync(process.argv[2], 'utf8')
process.stdout.write(JSON.stringify(parse(text, { version: '1.2', maxAliasCount: -1 })))
