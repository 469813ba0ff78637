// Renders every formula of the web pages with KaTeX in strict mode: node papers/katex.mjs papers/build/web
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import katex from "katex";

const folder = process.argv[2];
const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&#x27;/g, "'").replace(/&amp;/g, "&");
let formulas = 0;
for (const name of readdirSync(folder).sort()) {
  const page = readFileSync(join(folder, name), "utf-8");
  for (const [, display, inline] of page.matchAll(/\\\[(.*?)\\\]|\\\((.*?)\\\)/gs)) {
    const source = unescape(display ?? inline);
    try {
      katex.renderToString(source, { strict: "error", throwOnError: true, displayMode: display !== undefined });
      formulas += 1;
    } catch (error) {
      console.error(`${name}: ${source}\n  ${error.message}`);
      process.exitCode = 1;
    }
  }
}
console.log(`${formulas} formulas rendered in strict mode`);
