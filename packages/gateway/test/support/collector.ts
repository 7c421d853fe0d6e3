/** An OpenTelemetry collector in this process. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReportedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly [kind: string]: unknown } }[];
}

export interface Collector {
  readonly url: string;
  readonly reported: { readonly path: string; readonly spans: readonly ReportedSpan[] }[];
  /** What it answers. */
  status: number;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const reported: Collector["reported"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => {
      body += data.toString();
    });
    request.on("end", () => {
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { scopeSpans: { spans: ReportedSpan[] }[] }[];
      };
      reported.push({
        path: request.url ?? "",
        spans: resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      });
      response.writeHead(collector.status).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reported,
    status: 200,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}
