import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { startService } from "../packages/gateway/test/support/running-service.ts";

/** Debian's. playwright-core brings no browser of its own. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

// Skipped where there is no browser: `apt-get install chromium`.
test.skipIf(!existsSync(CHROMIUM))(
  "the documentation page renders in a browser without a violation of its policy or a request to another host",
  async () => {
    const running = await startService({ keyed: false });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("request", (request) => {
        const url = request.url().replace(/^blob:/, "");
        if (!url.startsWith(running.url) && !url.startsWith("data:")) complaints.push(`loads ${url}`);
      });
      await page.goto(`${running.url}/docs`);
      await page.getByRole("heading", { name: "Decide one request" }).waitFor();
      await page.getByPlaceholder("Search...").fill("settled");
      await page.getByRole("search").getByText("Correct the cost of a settled decision").waitFor();
      expect(await page.getByText("CAL_LEDGER_RESERVATION_STATE").count()).toBeGreaterThan(4);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await running.end();
    }
  },
);
