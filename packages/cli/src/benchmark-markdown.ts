export function benchmarkMarkdown(_r: unknown): string {
  return "";
}
