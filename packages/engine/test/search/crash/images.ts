/**
 * The disks that may be found after a power loss: every choice of names, sizes and sectors that a {@link DiskModel}
 * allows at one moment.
 *
 * An unsynced sector is as it was, as it is, as it was at any moment between, zero, or garbage. Zero and garbage take the
 * range that was written where nothing stood in it before, else the bytes that were changed: a device may fail to write
 * what it was asked to, but does not destroy what it was not asked to change (SQLite calls this powersafe overwrite).
 * With `destroysSectors` it does: then a whole sector is zero or garbage, whatever durable bytes stood in it.
 *
 * Up to `exhaustiveSectorsMax` unsynced sectors every choice is made; beyond, each sector alone is old, new, zero
 * or garbage among all old and all new, and the rest is sampled.
 * @module
 */
import type { Chance } from "../../support/seeded-chance.ts";
import { addFile, addSector, type Fingerprint, fingerprintNumber } from "./hash.ts";
import { type DirtySector, type DiskModel, type FileModel, SECTOR_BYTES, sectorOf } from "./model.ts";

/** A sector that was overwritten many times has many versions; beyond this many disks they are sampled too. */
const EXHAUSTIVE_IMAGES_MAX = 32_768;

const BLANK = 0x0a;

export interface CrashImage {
  /** Equal for equal disks. */
  readonly key: number;
  readonly contents: () => Map<string, Buffer>;
}

export interface ImageOptions {
  readonly chance: Chance;
  /** Up to so many unsynced sectors every disk is tried. */
  readonly exhaustiveSectorsMax: number;
  /** How many disks to sample where there are too many to try all. */
  readonly samples: number;
  readonly destroysSectors?: boolean | undefined;
}

/** One unsynced sector and what it may hold. */
interface Slot {
  readonly name: string;
  readonly offset: number;
  readonly options: readonly { readonly bytes: Buffer; readonly fingerprint: Fingerprint }[];
}

/** Names and sizes chosen, sectors still open. */
interface Frame {
  readonly base: ReadonlyMap<string, Buffer>;
  readonly fingerprint: Fingerprint;
  readonly slots: readonly Slot[];
}

export function* crashImages(model: DiskModel, options: ImageOptions): Generator<CrashImage> {
  for (const sizes of sizeChoices(model)) {
    const frame = frameOf(model, sizes, options);
    const count = frame.slots.reduce((product, slot) => product * slot.options.length, 1);
    const isExhaustive = frame.slots.length <= options.exhaustiveSectorsMax && count <= EXHAUSTIVE_IMAGES_MAX;
    for (const picks of isExhaustive ? everyPick(frame.slots) : samplePicks(frame.slots, options))
      yield imageOf(frame, picks);
  }
}

/** Every choice of names and sizes: a map from name to size for each. */
function sizeChoices(model: DiskModel): Map<string, number>[] {
  let choices: Map<string, number>[] = [new Map()];
  const gone = [...model.goneNames].filter(([name]) => !model.names.has(name));
  for (const [name, inode] of [...model.names, ...gone]) {
    const file = model.file(inode);
    const sizes = [...new Set([file.durable.byteLength, ...file.sizes])];
    const extended = choices.flatMap((choice) => sizes.map((size) => new Map(choice).set(name, size)));
    const isOpen = model.unsyncedNames.has(name) || !model.names.has(name);
    choices = isOpen ? [...choices, ...extended] : extended;
  }
  return choices;
}

function frameOf(model: DiskModel, sizes: ReadonlyMap<string, number>, options: ImageOptions): Frame {
  const base = new Map<string, Buffer>();
  const fingerprint = { high: 0, low: 0 };
  const slots: Slot[] = [];
  const dirtyCount = [...sizes.keys()].reduce((sum, name) => sum + model.file(model.inodeOf(name)).dirty.size, 0);
  const sorts = dirtyCount <= EVERY_GARBAGE_SECTORS_MAX ? GARBAGE_SORTS : [options.chance(GARBAGE_SORTS.length)];
  for (const [name, size] of sizes) {
    const file = model.file(model.inodeOf(name));
    const bytes = Buffer.alloc(size);
    file.durable.copy(bytes);
    base.set(name, bytes);
    addFile(fingerprint, name, size);
    for (let offset = 0; offset < size; offset += SECTOR_BYTES) {
      const sector = offset / SECTOR_BYTES;
      const dirty = file.dirty.get(sector);
      const contents =
        dirty === undefined ? [] : sectorContents(file, sector, dirty, { ...options, visible: size - offset, sorts });
      if (contents.length > 1) slots.push(slotOf(name, offset, contents));
      else addSector(fingerprint, name, sector, bytes.subarray(offset, offset + SECTOR_BYTES));
    }
  }
  return { base, fingerprint, slots };
}

function slotOf(name: string, offset: number, contents: readonly Buffer[]): Slot {
  const options = contents.map((bytes) => {
    const fingerprint = { high: 0, low: 0 };
    addSector(fingerprint, name, offset / SECTOR_BYTES, bytes);
    return { bytes, fingerprint };
  });
  return { name, offset, options };
}

/** What a sector may hold of which `visible` bytes lie within the file; the durable content first, then the newest. */
function sectorContents(
  file: FileModel,
  sector: number,
  dirty: DirtySector,
  options: ImageOptions & { readonly visible: number; readonly sorts: readonly number[] },
): Buffer[] {
  const { chance, destroysSectors, visible, sorts } = options;
  const old = sectorOf(file.durable, sector);
  const exposed = destroysSectors === true ? () => true : exposedBytes(old, dirty);
  const spoilt = (noise: (index: number) => number): Buffer => {
    const content = Buffer.from(old);
    for (let index = 0; index < SECTOR_BYTES; index++) if (exposed(index)) content[index] = noise(index);
    return content;
  };
  const garbage = sorts.map((sort) => spoilt(noiseFor(sort, file, old, dirty, chance)));
  const distinct: Buffer[] = [];
  for (const content of [old, ...dirty.versions.toReversed(), spoilt(() => 0), ...garbage]) {
    const seen = content.subarray(0, visible);
    if (!distinct.some((other) => other.equals(seen))) distinct.push(seen);
  }
  return distinct;
}

/** The bytes of a sector that zeros or garbage may take. */
function exposedBytes(old: Buffer, { versions, from, to }: DirtySector): (index: number) => boolean {
  const wasBlank = old.subarray(from, to).every((byte) => byte === 0 || byte === BLANK);
  if (wasBlank) return (index) => index >= from && index < to;
  return (index) => versions.some((version) => version[index] !== old[index]);
}

/**
 * Garbage is random bytes, another sector of the same file backwards, or the new bytes up to some place and the old ones
 * after it. Forwards a sector could hold a whole entry, which no device puts where it was not asked to.
 */
const GARBAGE_SORTS = [0, 1, 2];
/** With so few unsynced sectors each may hold garbage of every sort; with more, of one. */
const EVERY_GARBAGE_SECTORS_MAX = 2;

function noiseFor(
  sort: number,
  file: FileModel,
  old: Buffer,
  dirty: DirtySector,
  chance: Chance,
): (at: number) => number {
  if (sort === 0) return () => chance(256);
  if (sort === 1) {
    const stale = sectorOf(file.live, chance(Math.ceil(file.size / SECTOR_BYTES) + 1));
    return (index) => stale[SECTOR_BYTES - 1 - index] as number;
  }
  const torn = dirty.from + chance(dirty.to - dirty.from);
  const newest = dirty.versions.at(-1) as Buffer;
  return (index) => (index < torn ? newest : old)[index] as number;
}

function* everyPick(slots: readonly Slot[]): Generator<readonly number[]> {
  const picks = slots.map(() => 0);
  for (;;) {
    yield picks;
    let digit = 0;
    while (digit < picks.length && (picks[digit] as number) + 1 === (slots[digit] as Slot).options.length)
      picks[digit++] = 0;
    if (digit === picks.length) return;
    picks[digit] = (picks[digit] as number) + 1;
  }
}

const OLD = 0;
const NEW = 1;

function* samplePicks(slots: readonly Slot[], { chance, samples }: ImageOptions): Generator<readonly number[]> {
  for (const rest of [OLD, NEW]) {
    yield slots.map(() => rest);
    for (const [odd, { options }] of slots.entries())
      for (let pick = 0; pick < options.length; pick++) yield slots.map((_, index) => (index === odd ? pick : rest));
    for (let cut = 1; cut < slots.length; cut++) yield slots.map((_, index) => (index < cut ? NEW - rest : rest));
  }
  for (let sample = 0; sample < samples; sample++) yield slots.map(({ options }) => chance(options.length));
}

function imageOf({ base, fingerprint, slots }: Frame, picks: readonly number[]): CrashImage {
  const sum = { ...fingerprint };
  for (const [index, slot] of slots.entries()) {
    const { high, low } = optionOf(slot, picks[index]).fingerprint;
    sum.high = (sum.high + high) | 0;
    sum.low = (sum.low + low) | 0;
  }
  const contents = (): Map<string, Buffer> => {
    const copy = new Map<string, Buffer>();
    for (const [name, bytes] of base) copy.set(name, Buffer.from(bytes));
    for (const [index, slot] of slots.entries())
      copy.get(slot.name)?.set(optionOf(slot, picks[index]).bytes, slot.offset);
    return copy;
  };
  return { key: fingerprintNumber(sum), contents };
}

function optionOf({ options }: Slot, pick: number | undefined): Slot["options"][number] {
  return options[pick ?? 0] as Slot["options"][number];
}
