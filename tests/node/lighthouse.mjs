// Ask Lighthouse about pages: a JSON list of {name, url, cookie} comes in, a JSON list of its findings goes out.
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

let asked = "";
for await (const part of process.stdin) asked += part;

const browser = await puppeteer.launch({
  executablePath: process.env.CHROME_PATH,
  args: JSON.parse(process.env.CHROMIUM_FLAGS),
});
const found = [];
try {
  for (const { name, url, cookie } of JSON.parse(asked)) {
    // Each page in a browser that was never here.
    const context = await browser.createBrowserContext();
    if (cookie) await context.setCookie(cookie);
    const page = await context.newPage();
    const { lhr } = await lighthouse(
      url,
      {
        logLevel: "error",
        onlyCategories: ["accessibility", "performance"],
        skipAudits: ["full-page-screenshot", "screenshot-thumbnails", "final-screenshot"],
      },
      undefined,
      page,
    );
    await context.close();
    const { accessibility, performance } = lhr.categories;
    const isWrong = ({ id, weight }) => weight > 0 && lhr.audits[id].score !== null && lhr.audits[id].score < 1;
    found.push({
      name,
      address: lhr.finalDisplayedUrl,
      accessibility: Math.round(accessibility.score * 100),
      performance: Math.round((performance.score ?? 0) * 100),
      wrong: accessibility.auditRefs.filter(isWrong).map(({ id }) => id),
    });
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(found));
