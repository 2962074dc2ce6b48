// Validate HTML: a JSON string a line in, a JSON list of complaints a line out.
import { createInterface } from "node:readline";
import { HtmlValidate } from "html-validate";

const validate = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended", "html-validate:document"],
  rules: {
    // Django writes what it likes between tags and attributes; neither changes what the page is.
    "no-trailing-whitespace": "off",
    "attribute-boolean-style": "off",
    "attribute-empty-style": "off",
    // `doctype` in capitals, `<input>` without a slash.
    "doctype-style": "off",
    "void-style": ["error", { style: "omit" }],
    // All files come from the portal's own address; its style keeps telephone numbers on one line.
    "require-sri": "off",
    "tel-non-breaking": "off",
    // Checkboxes of one question share their name, as radio buttons do.
    "form-dup-name": ["error", { shared: ["radio", "checkbox", "submit", "button", "reset"] }],
    // A title is as long as the names in it.
    "long-title": "off",
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const report = await validate.validateString(JSON.parse(line));
  const complaints = report.results.flatMap((result) =>
    result.messages.map((each) => `${each.line}:${each.column} ${each.ruleId}: ${each.message}`),
  );
  process.stdout.write(`${JSON.stringify(complaints)}\n`);
}
