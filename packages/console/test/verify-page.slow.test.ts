/**
 * The page in a real browser: journals that are good and that are not, and that the page stays responsive and loads nothing.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatSplitView } from "@calybris/kernel";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { calybris } from "../../cli/test/support/captured-terminal.ts";
import { buildPages, verifyPage } from "../build.ts";
import {
  checkpointOf,
  filesOf,
  LOG_KEY,
  linesOf,
  noteOf,
  OTHER_KEY,
  rechain,
  segmentOf,
  writeJournal,
} from "./journals.ts";

/** Debian's. playwright-core brings no browser of its own. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** One hundred megabytes take some minutes, so a tenth of that is the default. */
const LARGE_DECISIONS = process.env["CALYBRIS_LONG"] === undefined ? 15_000 : 150_000;
const SHOTS = process.env["SCREENSHOTS"];

test("the page is one text that names no other host, and whose policy lets it load nothing", async () => {
  const page = await verifyPage();
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<(?:link|img|iframe)\b|\bsrc=|@import/);
  const script = /<script type="module">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
  expect(page).toContain(`'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  const folder = mkdtempSync(join(tmpdir(), "calybris-web-"));
  await buildPages(join(import.meta.dirname, "../dist"));
  const { exit } = await calybris("verify", "--web", join(folder, "page.html"));
  expect(exit).toBe(0);
  expect(readFileSync(join(folder, "page.html"), "utf8")).toBe(page);
  rmSync(folder, { recursive: true });
});

// Skipped where there is no browser: `apt-get install chromium`.
describe.skipIf(!existsSync(CHROMIUM))("the page that verifies a journal", () => {
  const folder = mkdtempSync(join(tmpdir(), "calybris-console-"));
  const pageFile = join(folder, "verify.html");
  let browser: Browser;
  let good: readonly string[];

  beforeAll(async () => {
    writeFileSync(pageFile, await verifyPage());
    good = await writeJournal(join(folder, "good"), 600);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-background-networking"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A copy of the good journal to alter. */
  function copied(name: string): string {
    cpSync(join(folder, "good"), join(folder, name), { recursive: true });
    return join(folder, name);
  }

  async function opened(complaints: string[]): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!/^(?:file|blob|data):/.test(request.url())) complaints.push(`loads ${request.url()}`);
    });
    await page.goto(`file://${pageFile}`);
    return page;
  }

  /** Drops files and waits for the verdict of the page. */
  async function verified(files: readonly string[]): Promise<Page> {
    const complaints: string[] = [];
    const page = await opened(complaints);
    await page.setInputFiles("#files", [...files]);
    await page.locator(".status").waitFor({ timeout: 120_000 });
    expect(complaints).toEqual([]);
    return page;
  }

  const statusOf = async (page: Page): Promise<string> => (await page.locator(".status strong").textContent()) ?? "";

  test("finds a good journal intact, draws it, shows its money, and explains a decision", async () => {
    const page = await verified(good);
    expect(await statusOf(page)).toBe("Intact");
    expect(await page.locator(".chain rect").count()).toBeGreaterThan(100);
    expect(await page.locator("polygon.settled").count()).toBe(1);
    expect(await page.getByText("Conserved at every entry").count()).toBe(1);
    await page.locator(".chain rect.decision").first().click();
    await page.getByText("optimality").waitFor();
    expect(await page.locator("#detail").textContent()).toContain("holds");
    await page.close();
  });

  test("finds one flipped bit, and shows the entry with what was expected and found", async () => {
    const directory = copied("flipped");
    const segment = segmentOf(filesOf(directory));
    const bytes = readFileSync(segment);
    const at = bytes.indexOf('"kind":"decision"', bytes.byteLength >> 1) + 30;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(segment, bytes);
    const page = await verified(filesOf(directory));
    expect(await statusOf(page)).toBe("Broken");
    expect(await page.getByText("First contradiction").count()).toBe(1);
    expect(await page.locator(".chain rect.broken").count()).toBeGreaterThanOrEqual(1);
    expect(await page.getByText("entry hash").count()).toBeGreaterThanOrEqual(1);
    await page.close();
  });

  test("notices a journal whose end was removed, by its head", async () => {
    const directory = copied("short");
    const segment = segmentOf(filesOf(directory));
    const lines = linesOf(segment);
    writeFileSync(segment, `${lines.slice(0, lines.length >> 1).join("\n")}\n`);
    const page = await verified(filesOf(directory));
    expect(await statusOf(page)).toBe("Broken");
    expect(await page.getByText("suffix removed").count()).toBe(1);
    await page.close();
  });

  test("notices a journal that was chained anew only with the checkpoint that was kept", async () => {
    const directory = copied("rechained");
    const segment = segmentOf(filesOf(directory));
    const note = join(folder, "checkpoint.txt");
    writeFileSync(note, await checkpointOf(segment));
    rechain(segment, /"actor":"[^"]+"/, '"actor":"system:mallory"');
    const alone = await verified([segment]);
    expect(await statusOf(alone)).toBe("Intact");
    await alone.close();
    const page = await verified([segment, note]);
    expect(await statusOf(page)).toBe("Broken");
    expect(await page.getByText("they are not what was signed").count()).toBe(1);
    await page.close();
    const honest = await verified([segmentOf(good), note]);
    expect(await statusOf(honest)).toBe("Intact");
    expect(await honest.getByText("its root is that of these entries").count()).toBe(1);
    await signedBy(honest, LOG_KEY, "signed by example.org/log", "good");
    await signedBy(honest, OTHER_KEY, "has no signature of a known key", "bad");
    await honest.close();
  });

  /** Gives keys to the page, and waits for what it says of a signature. */
  async function signedBy(page: Page, key: string, text: string, verdict: "good" | "bad"): Promise<void> {
    await page.fill('input[name="keys"]', key);
    await page.getByRole("button", { name: /^Verify the/ }).click();
    await page.locator(`.result.${verdict}`).getByText(text).waitFor();
  }

  test("evidence of a split view is verified by the key of the log alone", async () => {
    const [first, second] = [await noteOf(7, 1), await noteOf(7, 2)];
    const file = join(folder, "evidence.json");
    writeFileSync(file, formatSplitView({ first, second }));
    const complaints: string[] = [];
    const page = await opened(complaints);
    await page.setInputFiles("#files", [file]);
    await signedBy(page, LOG_KEY, "signed two histories", "good");
    await signedBy(page, OTHER_KEY, "has no signature of a known key", "bad");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a keyed journal is intact under its key, and broken without it", async () => {
    const files = await writeJournal(join(folder, "keyed"), 50, new Uint8Array(32).fill(5));
    const key = join(folder, "journal.key");
    writeFileSync(key, new Uint8Array(32).fill(5));
    const complaints: string[] = [];
    const page = await opened(complaints);
    await page.setInputFiles("#files", [...files]);
    await page.locator(".status").waitFor();
    expect(await statusOf(page)).toBe("Broken");
    await page.setInputFiles("#key", [key]);
    await page.locator(".status.intact").waitFor();
    expect(await page.getByText("who wrote the entries").count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("what is no journal is said to be none", async () => {
    const file = join(folder, "other.txt");
    writeFileSync(file, "<img src=x onerror=alert(1)>\n");
    const page = await verified([file]);
    expect(await statusOf(page)).not.toBe("Intact");
    expect(await page.locator("img").count()).toBe(0);
    await page.close();
  });

  test("a long journal is verified while the page stays responsive", {
    timeout: 600_000,
  }, async () => {
    const large = join(folder, "large");
    const files = await writeJournal(large, LARGE_DECISIONS);
    const complaints: string[] = [];
    const page = await opened(complaints);
    await page.evaluate(() => {
      const tasks: number[] = [];
      Object.assign(window, { tasks });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) tasks.push(duration);
      }).observe({ entryTypes: ["longtask"] });
    });
    const started = performance.now();
    await page.setInputFiles("#files", [...files]);
    await page.locator(".status").waitFor({ timeout: 500_000 });
    expect(await statusOf(page)).toBe("Intact");
    const tasks = await page.evaluate(() => (window as unknown as { readonly tasks: readonly number[] }).tasks);
    console.log(`${await page.locator(".facts").textContent()} Long tasks: ${tasks.join(", ") || "none"}`);
    // On an idle machine there are none. A page that verified itself would be held nearly all of the time.
    expect(tasks.reduce((sum, task) => sum + task, 0)).toBeLessThan((performance.now() - started) / 10);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each([
    [375, "light"],
    [375, "dark"],
    [1_440, "light"],
    [1_440, "dark"],
  ] as const)("fits %d px in %s without scrolling sideways", async (width, colorScheme) => {
    const page = await verified(good);
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await page.locator(".chain rect.decision").first().click();
    await page.getByText("optimality").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    const shot = await page.screenshot({ fullPage: true });
    expect(shot.byteLength).toBeGreaterThan(10_000);
    if (SHOTS !== undefined) writeFileSync(join(SHOTS, `verify-${width}-${colorScheme}.png`), shot);
    await page.close();
  });
});
