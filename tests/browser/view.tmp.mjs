import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";
const [path, out, width, scheme, ...ids] = process.argv.slice(2);
const b = await chromium.launch({executablePath:"/usr/bin/chromium",args:["--no-sandbox","--disable-gpu"]});
const p = await b.newPage({viewport:{width:+width,height:900},colorScheme:scheme,deviceScaleFactor:+width<500?2:1});
await p.goto(pathToFileURL(path).href);
for (const id of ids){ const h=p.locator(id).first(); await h.scrollIntoViewIfNeeded(); await p.waitForTimeout(500); await h.screenshot({path:`${out}-${id.replace(/\W/g,"")}.png`}); }
await b.close();
