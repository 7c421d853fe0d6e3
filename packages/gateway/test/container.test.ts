import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { OPTIONS, variableOf } from "../src/config/options.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

test("the image installs every workspace that the lockfile knows, and runs as nobody in particular", () => {
  const dockerfile = read("Dockerfile");
  const { workspaces } = JSON.parse(read("package.json")) as { workspaces: readonly string[] };
  const folders = workspaces.flatMap((pattern) =>
    pattern.endsWith("/*")
      ? readdirSync(join(ROOT, pattern.slice(0, -2))).map((name) => `${pattern.slice(0, -1)}${name}`)
      : [pattern],
  );
  expect(folders.length).toBeGreaterThan(5);
  for (const folder of folders) expect(dockerfile).toContain(`COPY ${folder}/package.json ${folder}/`);
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).not.toMatch(/^(?:USER root|ADD |RUN .*(?:curl|wget))/m);
});

test("the compose file takes away what the service does not need", () => {
  const { services } = parse(read("compose.yaml")) as { services: { calybris: { readonly [key: string]: unknown } } };
  expect(services.calybris).toMatchObject({
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    ports: ["127.0.0.1:8787:8787"],
  });
  expect(services.calybris["privileged"]).toBeUndefined();
  const known = OPTIONS.map(variableOf);
  for (const variable of Object.keys(services.calybris["environment"] as object)) expect(known).toContain(variable);
  for (const [, variable = ""] of read("Dockerfile").matchAll(/\b(CALYBRIS_[A-Z_]+)=/g))
    expect(known).toContain(variable);
});
