/**
 * The commented configuration that `calybris init --config` writes: every option with its purpose. Options with a default
 * are written with it; others are commented out.
 * @module
 */
import { bySection, flagOf, keyOf, type ServiceOption, variableOf } from "@calybris/gateway";

/** @param set - values of options, by path. */
export function serveConfigText(set: { readonly policy?: string } = {}): string {
  const given: { readonly [path: string]: unknown } = { "policy.file": set.policy };
  const parts: string[] = [];
  for (const [section, options] of bySection()) {
    if (section === "") {
      for (const option of options) parts.push(...optionLines(option, given[option.path], "  "));
      continue;
    }
    const inner = options.flatMap((option) => optionLines(option, given[option.path], "    "));
    parts.push(`  ${JSON.stringify(section)}: {`, ...inner, "  },");
  }
  return `{
  // The configuration of \`calybris serve\`. Comments and trailing commas are allowed; an unknown key refuses the whole
  // file. Each option is also a flag (\`--port\`) and an environment variable (\`CALYBRIS_LISTEN_PORT\`); a flag
  // wins over a variable, and a variable over this file.
${parts.join("\n")}
}
`;
}

function optionLines(option: ServiceOption, given: unknown, indent: string): string[] {
  const value = given ?? option.default;
  const written = `${JSON.stringify(keyOf(option))}: ${JSON.stringify(value ?? "")},`;
  const what = `${indent}// ${option.what} (--${flagOf(option)}, ${variableOf(option)})`;
  return [what, value === undefined ? `${indent}// ${written}` : `${indent}${written}`];
}
