import { expect, test } from "vitest";
import { parse } from "yaml";
import { OPTIONS, variableOf } from "../../packages/gateway/src/config/options.ts";
import { read } from "../sources.ts";

const KNOWN = ["CALYBRIS_CONFIG", ...OPTIONS.map(variableOf)];

test("the image is built from the packages as they are published, and runs as an ordinary user", () => {
  const dockerfile = read("Dockerfile");
  expect(dockerfile).toMatch(/^RUN npm run build$/m);
  const [, image = ""] = dockerfile.split(/^FROM .*$(?![\s\S]*^FROM )/m);
  expect([...image.matchAll(/^COPY (.*)$/gm)].map(([, words]) => words)).toEqual([
    "--from=build /build/node_modules node_modules",
    "--from=build /build/dist .",
  ]);
  expect(image).toMatch(/^USER node$/m);
  expect(image).toMatch(/^HEALTHCHECK .*CMD \["calybris", "health"\]$/m);
  expect(dockerfile).not.toMatch(/^(?:USER root|ADD |RUN .*(?:curl|wget))/m);
});

test("a package's folder takes the place of its sources in the image, so none may have a production dependency of its own", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
  };
  const own = Object.entries(packages).filter(
    ([path, { dev }]) => /^(?!node_modules\/).+\/node_modules\//.test(path) && !dev,
  );
  expect(own.map(([path]) => path)).toEqual([]);
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
  // A command of its own would hide its flags from the health check of the image.
  expect(services.calybris).not.toHaveProperty("command");
});

test.each(["compose.yaml", "deploy/compose.tls.yaml"])(
  "%s sets options that there are, to files that it mounts",
  (file) => {
    const { services } = parse(read(file), { logLevel: "error" }) as {
      services: { calybris: { environment: Record<string, string>; volumes: string[] } };
    };
    const { environment, volumes } = services.calybris;
    expect(Object.keys(environment).filter((name) => !KNOWN.includes(name))).toEqual([]);
    const mounted = volumes.map((volume) => volume.split(":")[1] ?? "");
    const paths = Object.values(environment).filter((value) => String(value).startsWith("/"));
    expect(paths.length).toBeGreaterThan(1);
    expect(paths.filter((path) => !mounted.some((mount) => path.startsWith(mount)))).toEqual([]);
  },
);

test("the image sets options that there are", () => {
  const names = [...read("Dockerfile").matchAll(/\b(CALYBRIS_[A-Z_]+)=/g)].map(([, name = ""]) => name);
  expect(names.filter((name) => !KNOWN.includes(name))).toEqual([]);
});
