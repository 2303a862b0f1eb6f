// A program that uses the manual's code: `node driver.mjs FILE`. For each token on standard input it says whether it is accepted.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { verify } = await import(pathToFileURL(process.argv[2]));
for await (const token of createInterface({ input: process.stdin })) {
  try {
    console.log(`accepted ${(await verify(token)).sub}`);
  } catch (error) {
    process.stderr.write(`${error}\n`);
    console.log('refused');
  }
}
