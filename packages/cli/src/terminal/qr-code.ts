/**
 * A QR code for a terminal or as an SVG image. `qrcode-generator`, which has no dependencies, computes the modules.
 * @module
 */
import qrcode from "qrcode-generator";

/** The quiet zone that a reader needs, in modules. */
const MARGIN = 4;
/** Maximum bytes of a QR code at level M. */
export const QR_BYTES_MAX = 2_331;

/** The modules by row and column; those beyond the edge are light. */
type Modules = { readonly size: number; readonly isDark: (row: number, column: number) => boolean };

/** Two modules per character, dark on light in any colour scheme. For ASCII text of at most {@link QR_BYTES_MAX} bytes. */
export function qrText(text: string): string {
  const { size, isDark } = modulesOf(text);
  const rows: string[] = [];
  for (let row = -MARGIN; row < size + MARGIN; row += 2) {
    let line = "";
    for (let column = -MARGIN; column < size + MARGIN; column++) {
      const [above, below] = [isDark(row, column), isDark(row + 1, column)];
      line += above ? (below ? " " : "▄") : below ? "▀" : "█";
    }
    rows.push(`\u001b[97;40m${line}\u001b[0m`);
  }
  return rows.join("\n");
}

/** A single path, which scales to any size. */
export function qrSvg(text: string): string {
  const { size, isDark } = modulesOf(text);
  const side = size + 2 * MARGIN;
  let path = "";
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      if (isDark(row, column)) path += `M${column + MARGIN} ${row + MARGIN}h1v1h-1z`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">` +
    `<rect width="${side}" height="${side}" fill="#fff"/><path fill="#000" d="${path}"/></svg>\n`
  );
}

function modulesOf(text: string): Modules {
  const code = qrcode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const size = code.getModuleCount();
  const isInside = (at: number): boolean => at >= 0 && at < size;
  return { size, isDark: (row, column) => isInside(row) && isInside(column) && code.isDark(row, column) };
}
