// Opens reports in headless Chromium and looks at them as a reader would.
//
//     node check.mjs OUT PAGE.html...
//
// A page of a run has a map, tables and moving figures; a comparison has none of the three but the tables. Screenshots
// go to OUT. Fails on the first thing that is not as it should be.

import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [out, ...pages] = process.argv.slice(2);
if (!out || !pages.length) {
  console.error("usage: node check.mjs OUT PAGE.html...");
  process.exit(2);
}
mkdirSync(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
});

/** Opens a page that may say nothing on the console and ask for nothing but itself. */
async function open(path, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const address = pathToFileURL(resolve(path)).href;
  const faults = [];
  page.on("console", (message) => faults.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const asked = request.url().split("#")[0];
    if (asked !== address && !asked.startsWith("data:")) faults.push(`request: ${asked}`);
  });
  await page.goto(address, { waitUntil: "load" });
  return { page, close: async () => { assert.deepEqual(faults, [], `${path} in ${JSON.stringify(options)}`); await context.close(); } };
}

/** What all figures look like now. */
const paths = (page) => page.locator("[data-motion] path").evaluateAll((all) => all.map((path) => path.getAttribute("d")).join());
const tip = (page) => page.locator("#tip.on");
const pause = (page, ms) => page.waitForTimeout(ms);

/** Scrolls until something stands in the middle, and waits until the page has noticed: scrolling hides the tooltip. */
async function into(page, locator) {
  await locator.evaluate((element) => element.scrollIntoView({ block: "center", inline: "center" }));
  await pause(page, 150);
}

/** Where a point of a figure's drawing is on the screen. */
const onScreen = (page, id, x, y) =>
  page.evaluate(([id, x, y]) => {
    const place = new DOMPoint(x, y).matrixTransform(document.getElementById(id).getScreenCTM());
    return [place.x, place.y];
  }, [id, x, y]);

async function sections(page) {
  for (const section of await page.locator("section").all()) {
    const name = await section.getAttribute("id");
    const { width, height } = await section.boundingBox();
    assert.ok(width > 200 && height > 40, `section ${name} is ${width} x ${height}`);
    assert.ok((await section.innerText()).trim().length > 20, `section ${name} says nothing`);
  }
  const figures = await page.evaluate(() => Object.keys(JSON.parse(document.getElementById("data").textContent).figures));
  for (const id of figures) {
    const { width, height } = await page.locator(`svg[id="${id}"]`).boundingBox();
    assert.ok(width > 150 && height > 100, `figure ${id} is ${width} x ${height}`);
  }
  // No two elements share an id, and every image has a name for those who cannot see it.
  const { twice, nameless } = await page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    const images = [...document.querySelectorAll("[role=img]")];
    return {
      twice: ids.filter((id, at) => ids.indexOf(id) !== at),
      nameless: images.filter((image) => !image.getAttribute("aria-label")).length,
    };
  });
  assert.deepEqual([twice, nameless], [[], 0]);
  return figures;
}

async function lines(page, id) {
  const svg = page.locator(`svg[id="${id}"]`);
  await into(page, svg);
  const { x, y, width, height } = await svg.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  assert.match(await tip(page).innerText(), /^epoch \d+\n.+: /);
  await svg.focus();
  await page.keyboard.press("ArrowLeft");
  assert.match(await tip(page).innerText(), /^epoch \d+\n/);
  await page.keyboard.press("Escape");
  assert.equal(await tip(page).count(), 0);
}

async function map(page) {
  const data = await page.evaluate(() => {
    const { figures, clips, classes } = JSON.parse(document.getElementById("data").textContent);
    return { points: figures.map?.points, clips, classes };
  });
  if (!data.points) return;
  await into(page, page.locator("#map"));
  const at = Math.floor(data.points.length / 2);
  const [left, top] = await onScreen(page, "map", ...data.points[at]);
  await page.mouse.move(left, top);
  const said = (await tip(page).innerText()).split("\n");
  // Another point may lie in the same place; what is said must be of one clip.
  const [name, label, linear] = data.clips.find((clip) => clip[0] === said[0]) ?? [];
  assert.ok(name, `the tooltip says ${said}, which is no clip`);
  assert.equal(said[1], `class: ${data.classes[label]}`);
  assert.equal(said[2], `linear: ${data.classes[linear]} ${linear === label ? "✓" : "✗"}`);
  assert.ok(said[3].startsWith("kNN: "));
  const box = await tip(page).boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= page.viewportSize().width, "the tooltip leaves the window");
  await page.mouse.move(2, 2);
  assert.equal(await tip(page).count(), 0);
  // One class alone.
  const legend = page.locator("[data-legend]").first();
  await legend.hover();
  const dim = await page.locator("#map .dim").count();
  assert.ok(dim > 0 && dim < data.points.length, `${dim} points are faded`);
  await page.mouse.move(2, 2);
  assert.equal(await page.locator("#map .dim").count(), 0);
}

async function matrix(page, id) {
  await into(page, page.locator(`#${id}`));
  const { left, top, cell, counts } = await page.evaluate((id) => JSON.parse(document.getElementById("data").textContent).figures[id], id);
  const [label, guess, clips] = counts[0];
  await page.mouse.move(...await onScreen(page, id, left + cell * (guess + 0.5), top + cell * (label + 0.5)));
  const said = await tip(page).innerText();
  assert.ok(said.includes(`${clips} of `), said);
}

async function sorting(page, table) {
  const head = table.locator("th button");
  const column = async (at) => table.locator(`tbody tr > :nth-child(${at + 1})`).allInnerTexts();
  for (let at = 0; at < Math.min(3, await head.count()); at++) {
    await head.nth(at).click();
    const up = await column(at);
    await head.nth(at).click();
    const numbers = (texts) => texts.map((text) => (text === "–" ? -1 : isNaN(text) ? text : +text));
    const sorted = numbers(up);
    for (let row = 1; row < sorted.length; row++) {
      const [a, b] = [sorted[row - 1], sorted[row]];
      assert.ok(typeof a === "number" ? a <= b : String(a).localeCompare(String(b)) <= 0, `column ${at}: ${a} before ${b}`);
    }
    assert.equal(numbers(await column(at))[0], sorted.at(-1));
  }
}

/** Waits until figures look other than `before`; a busy machine may take its time. */
async function moved(page, before, fault) {
  for (let tries = 0; tries < 50; tries++) {
    await pause(page, 100);
    if ((await paths(page)) !== before) return;
  }
  assert.fail(fault);
}

async function animation(page) {
  await into(page, page.locator("[data-motion]").first());
  await moved(page, await paths(page), "the figures stand still");
  await page.locator(".play").first().click();
  await pause(page, 100);
  const stopped = await paths(page);
  await pause(page, 400);
  assert.equal(await paths(page), stopped, "the figures move while paused");
  await page.locator(".play").first().click();
  await moved(page, stopped, "the figures do not go on");
}

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const light = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) / 3;

let checks = 0;
for (const path of pages) {
  const name = basename(path, ".html");
  const shot = (page, kind, options) => page.screenshot({ path: `${out}/${name}-${kind}.png`, ...options });
  const desktop = await open(path, { colorScheme: "light" });
  const figures = await sections(desktop.page);
  const isRun = (await desktop.page.locator("[data-motion]").count()) > 0;
  await lines(desktop.page, figures.find((id) => id.includes("loss")));
  for (const table of await desktop.page.locator("table.sort").all()) await sorting(desktop.page, table);
  assert.ok(light(await background(desktop.page)) > 200, "the light page is not light");
  if (isRun) {
    await map(desktop.page);
    for (const id of ["confusion-linear", "confusion-knn"]) await matrix(desktop.page, id);
    await animation(desktop.page);
    await into(desktop.page, desktop.page.locator("#map-section"));
  }
  await desktop.page.mouse.move(2, 2);
  await desktop.page.evaluate(() => scrollTo(0, 0));
  await shot(desktop.page, "light", { fullPage: true });
  await desktop.close();

  const dark = await open(path, { colorScheme: "dark" });
  assert.ok(light(await background(dark.page)) < 60, "the dark page is not dark");
  await shot(dark.page, "dark", { fullPage: true });
  await dark.close();

  const phone = await open(path, { viewport: { width: 360, height: 800 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
  const width = await phone.page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 360, `the page is ${width} wide on a phone`);
  await sections(phone.page);
  await shot(phone.page, "phone", { fullPage: true });
  await phone.close();

  const still = await open(path, { reducedMotion: "reduce" });
  if (isRun) {
    await into(still.page, still.page.locator("[data-motion]").first());
    const before = await paths(still.page);
    assert.ok(before.includes("M"), "nothing is drawn before the figures move");
    await pause(still.page, 400);
    assert.equal(await paths(still.page), before, "figures move although less motion is wanted");
    await still.page.locator(".play").first().click();
    await moved(still.page, before, "the figures do not begin when asked to");
  }
  await still.close();

  const plain = await open(path, { javaScriptEnabled: false });
  const texts = await plain.page.locator("section").allInnerTexts();
  assert.ok(texts.length >= 4 && texts.every((text) => text.length > 20), "without scripts a section is empty");
  await plain.close();
  checks += 1;
  console.log(`${path}: ${(statSync(path).size / 1024).toFixed(0)} KiB, ${figures.length} figures, as it should be`);
}
await browser.close();
console.log(`${checks} passed, 0 failed`);
