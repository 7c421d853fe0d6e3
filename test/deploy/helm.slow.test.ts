import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { readConfig } from "@calybris/gateway";
import { OPTIONS, variableOf } from "../../packages/gateway/src/config/options.ts";
import { ROOT, read } from "../sources.ts";
import { renderTemplate } from "./go-template.ts";

const CHART = "deploy/helm/calybris";
const TEMPLATES = ["configmap", "service", "statefulset"] as const;
const KINDS = {
  ConfigMap: { model: ConfigMap, type: 'import("kubernetes-models/v1/ConfigMap").IConfigMap' },
  Service: { model: Service, type: 'import("kubernetes-models/v1/Service").IService' },
  StatefulSet: { model: StatefulSet, type: 'import("kubernetes-models/apps/v1/StatefulSet").IStatefulSet' },
};
const FULL = {
  tlsSecret: "certificate",
  policy: '{\n  // A comment.\n  "name": "p"\n}\n',
  config: { limits: { batchMax: 10 } },
  podAnnotations: { "example.com/team": "spending" },
  nodeSelector: { "kubernetes.io/arch": "amd64" },
  tolerations: [{ key: "dedicated", operator: "Exists" }],
  affinity: { nodeAffinity: {} },
  journal: { size: "1Ti", storageClassName: "local-nvme" },
};
const CASES: [string, Readonly<Record<string, unknown>>][] = [
  ["by default", {}],
  ["with everything", FULL],
];

interface Manifest {
  readonly kind: keyof typeof KINDS;
  readonly [key: string]: unknown;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "calybris-helm-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function render(values: Readonly<Record<string, unknown>>): readonly Manifest[] {
  const defaults = parse(read(`${CHART}/values.yaml`)) as Readonly<Record<string, unknown>>;
  const chart = parse(read(`${CHART}/Chart.yaml`)) as { readonly appVersion: string };
  const scope = {
    Values: { ...defaults, ...values },
    Release: { Name: "prod" },
    Chart: { AppVersion: chart.appVersion },
  };
  return TEMPLATES.map((name) => parse(renderTemplate(read(`${CHART}/templates/${name}.yaml`), scope)) as Manifest);
}

describe.each(CASES)("the chart %s", (name, values) => {
  test("is what Kubernetes accepts, without a field that it does not know", () => {
    const manifests = render(values);
    expect(manifests.map(({ kind }) => kind)).toEqual(Object.keys(KINDS));
    for (const manifest of manifests) {
      const { apiVersion: _version, kind, ...rest } = manifest;
      const model = new KINDS[kind].model(rest as never);
      expect(() => model.validate(), kind).not.toThrow();
    }
    // The schemas take unknown fields; the types do not.
    const literals = manifests.map((each) => `(${JSON.stringify(each)}) satisfies ${KINDS[each.kind].type};`);
    const cache = join(ROOT, "node_modules", ".cache", "calybris-helm");
    mkdirSync(cache, { recursive: true });
    const file = join(cache, `${name.replaceAll(" ", "-")}.ts`);
    writeFileSync(file, `${literals.join("\n")}\nexport {};\n`);
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck", "--ignoreConfig", "--types", ""];
    const { stdout } = spawnSync(join(ROOT, "node_modules", ".bin", "tsc"), [...options, file], { encoding: "utf8" });
    expect(stdout).toBe("");
  });

  // Skipped where Helm is not installed: then only the renderer of this test has rendered the chart.
  test.skipIf(spawnSync("helm", ["version"]).error !== undefined)("is what Helm renders", () => {
    const file = join(folder, "values.yaml");
    writeFileSync(file, stringify(values));
    const printed = execFileSync("helm", ["template", "prod", join(ROOT, CHART), "-f", file], { encoding: "utf8" });
    const rendered = parseAllDocuments(printed).map((document) => document.toJS() as Manifest);
    const byKind = (a: Manifest, b: Manifest): number => a.kind.localeCompare(b.kind);
    expect(rendered.toSorted(byKind)).toEqual(render(values).toSorted(byKind));
  });

  test("runs one unprivileged process with options that there are, on files that it mounts", async () => {
    const [configMap, , statefulSet] = render(values) as [
      { readonly data: Readonly<Record<string, string>> },
      unknown,
      { readonly spec: { readonly replicas: number; readonly template: { readonly spec: PodSpec } } },
    ];
    const { replicas, template } = statefulSet.spec;
    const [container] = template.spec.containers;
    expect(replicas).toBe(1);
    expect(template.spec.securityContext.runAsNonRoot).toBe(true);
    expect(container?.securityContext).toMatchObject({ readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
    const known = ["CALYBRIS_CONFIG", ...OPTIONS.map(variableOf)];
    const environment = container?.env ?? [];
    expect(environment.filter((each) => !known.includes(each.name))).toEqual([]);
    const mounts = (container?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    const paths = environment.flatMap(({ value }) => (value?.startsWith("/") ? [value] : []));
    expect(paths.filter((path) => !mounts.some((mount) => path.startsWith(`${mount}/`)))).toEqual([]);
    const scheme = "tlsSecret" in values ? "HTTPS" : "HTTP";
    for (const probe of [container?.startupProbe, container?.readinessProbe, container?.livenessProbe])
      expect(probe?.httpGet).toMatchObject({ scheme, port: "http" });
    const config = join(folder, "calybris.config.json");
    writeFileSync(config, configMap.data["calybris.config.json"] ?? "");
    expect((await readConfig({ file: config, flags: {} })).limits.batchMax).toBe("config" in values ? 10 : 1_000);
    if ("policy" in values) expect(configMap.data["calybris.policy.jsonc"]).toBe(values["policy"]);
  });
});

interface Probe {
  readonly httpGet: { readonly scheme: string; readonly port: string };
}

interface PodSpec {
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly containers: readonly {
    readonly securityContext: object;
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly volumeMounts: readonly { readonly mountPath: string }[];
    readonly startupProbe: Probe;
    readonly readinessProbe: Probe;
    readonly livenessProbe: Probe;
  }[];
}

test("the chart, its image and the packages have one version", () => {
  const { version } = JSON.parse(read("package.json")) as { readonly version: string };
  expect(parse(read(`${CHART}/Chart.yaml`))).toMatchObject({ version, appVersion: version });
});

test("a function that the renderer does not know, and a value that there is not, are errors", () => {
  const scope = { Values: { a: 1 } };
  expect(() => renderTemplate("{{ .Values.a | lookup }}", scope)).toThrow("lookup");
  expect(() => renderTemplate("{{ .Values.b }}", scope)).toThrow("there is no .Values.b");
  expect(renderTemplate("{{ if .Values.a }}x{{ else }}y{{ end }} {{ with .Values.a }}{{ . }}{{ end }}", scope)).toBe(
    "x 1",
  );
});
