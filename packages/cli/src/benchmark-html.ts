export async function benchmarkHtml(_r: unknown): Promise<string> {
  return "";
}
