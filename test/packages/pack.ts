/**
 * Every published package, built and packed as `npm publish` would pack it.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build, publishedPackages, stagedFolder } from "../../packaging/build.ts";

export interface Packed {
  readonly name: string;
  /** Relative to the checkout. */
  readonly folder: string;
  /** What would be published, before it is packed. */
  readonly staged: string;
  readonly tarball: string;
  /** Paths in the tarball, relative to the package. */
  readonly files: readonly string[];
}

/** Builds and packs everything into a folder, with the installed npm. */
export async function packAll(target: string): Promise<readonly Packed[]> {
  const packages = await publishedPackages();
  const [staging, tarballs] = [join(target, "staged"), join(target, "tarballs")];
  await build(packages, staging);
  mkdirSync(tarballs, { recursive: true });
  const folders = packages.map((each) => stagedFolder(staging, each));
  const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", tarballs, ...folders], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const packed = Object.values(JSON.parse(printed) as { readonly [key: string]: PackReport });
  return packages.map(({ name, folder }, index) => {
    const report = packed.find((each) => each.name === name);
    if (report === undefined) throw new Error(`npm packed no ${name}: ${printed.slice(0, 500)}`);
    return {
      name,
      folder,
      staged: folders[index] ?? "",
      tarball: join(tarballs, report.filename),
      files: report.files.map(({ path }) => path),
    };
  });
}

interface PackReport {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}
