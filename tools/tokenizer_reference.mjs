// node tokenizer_reference.mjs MODULES JOBS: what the Rust library `tokenizers` makes of texts.
//
// MODULES is the folder with node_modules/tokenizers. JOBS is a JSON file, a list of
//   {"tokenizer": FILE, "texts": FILE, "addSpecialTokens": BOOL, "output": FILE}
// where "texts" holds one JSON string a line. Each output gets one line a text:
//   {"ids": [...], "text": decoded, "plain": decoded without special tokens}
// and a last line {"loadSeconds": ..., "encodeSeconds": [...]} with the times of each text.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

const [modules, jobsFile] = process.argv.slice(2);
const require = createRequire(path.resolve(modules, 'any.js'));
const {Tokenizer} = require('tokenizers');

const seconds = () => performance.now() / 1000;

for (const job of JSON.parse(fs.readFileSync(jobsFile, 'utf8'))) {
  const start = seconds();
  const tokenizer = Tokenizer.fromFile(job.tokenizer);
  const loadSeconds = seconds() - start;
  const options = {addSpecialTokens: job.addSpecialTokens};
  const lines = fs.readFileSync(job.texts, 'utf8').split('\n').filter((line) => line !== '');
  const encodeSeconds = [];
  const output = [];
  for (const line of lines) {
    const text = JSON.parse(line);
    const before = seconds();
    const encoding = await tokenizer.encode(text, null, options);
    encodeSeconds.push(seconds() - before);
    const ids = encoding.getIds();
    const decoded = await tokenizer.decode(ids, false);
    const plain = await tokenizer.decode(ids, true);
    output.push(JSON.stringify({ids, text: decoded, plain}));
  }
  output.push(JSON.stringify({loadSeconds, encodeSeconds}));
  fs.writeFileSync(job.output, output.join('\n') + '\n');
}
