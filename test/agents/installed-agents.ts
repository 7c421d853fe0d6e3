/**
 * Coding agents as npm has them, in a cache folder that no package of this repository knows of, and how each is given one prompt
 * that is answered by a gateway on this machine.
 * @module
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../sources.ts";

const VERSIONS = { "@anthropic-ai/claude-code": "2.1.328", "@openai/codex": "0.169.0", "opencode-ai": "1.18.33" };
const FOLDER = join(ROOT, "node_modules", ".cache", "agents");
const BIN = join(FOLDER, "node_modules", ".bin");
const INSTALL_MS = 600_000;

export type AgentName = "claude" | "codex" | "opencode";
export const AGENTS: readonly AgentName[] = ["claude", "codex", "opencode"];

export interface AgentRun {
  readonly url: string;
  readonly key: string;
  /** Empty; the agent's files are here, and it works here. */
  readonly home: string;
  /** After which it is ended. */
  readonly milliseconds: number;
}

export interface AgentEnd {
  /** `null`: it was ended. */
  readonly code: number | null;
  /** All that it printed. */
  readonly printed: string;
}

/** Installs the agents where they are not yet; their own scripts put the program of this platform in place. `false`: the registry cannot be reached, or is too slow. */
export async function installAgents(): Promise<boolean> {
  const isThere = Object.keys(VERSIONS).every((name) => existsSync(join(FOLDER, "node_modules", name, "package.json")));
  if (isThere) return true;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ private: true, dependencies: VERSIONS }));
  const words = ["install", "--no-audit", "--no-fund"];
  try {
    await promisify(execFile)("npm", words, { cwd: FOLDER, timeout: INSTALL_MS });
    return true;
  } catch (error) {
    const { stderr = "", killed = false } = error as { readonly stderr?: string; readonly killed?: boolean };
    if (killed || UNREACHABLE.test(stderr)) return false;
    throw error;
  }
}

const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/;

/** What an agent sends, as far as its refusal depends on it: for a place where it cannot be installed. */
export const MODELLED: {
  readonly [Name in AgentName]: { readonly path: string; readonly headers: object; readonly body: object };
} = {
  claude: {
    path: "/v1/messages?beta=true",
    headers: { "anthropic-version": "2023-06-01" },
    body: {
      model: "claude-haiku-4-5",
      max_tokens: 64,
      stream: true,
      messages: [{ role: "user", content: "say hello" }],
    },
  },
  codex: {
    path: "/v1/responses",
    headers: { originator: "codex_exec" },
    body: { model: "gpt-5-mini", stream: true, store: false, input: "say hello" },
  },
  opencode: {
    path: "/v1/chat/completions",
    headers: {},
    body: { model: "gpt-5-mini", stream: true, messages: [{ role: "user", content: "say hello" }] },
  },
};

const MESSAGES_MODEL = "claude-haiku-4-5";
const MODEL = "gpt-5-mini";
const PROMPT = "say hello";

/** The environment of an agent, which names nothing but the gateway. */
const STARTS: {
  readonly [Name in AgentName]: (run: AgentRun) => {
    readonly words: readonly string[];
    readonly variables: { readonly [name: string]: string };
    readonly files: { readonly [path: string]: string };
  };
} = {
  claude: ({ url, key }) => ({
    words: ["-p", PROMPT, "--model", MESSAGES_MODEL],
    variables: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      DISABLE_TELEMETRY: "1",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    },
    files: {},
  }),
  // Without the settings of docs/clients/codex.md that keep it from repeating: that is for the gateway to do.
  codex: ({ url, key }) => ({
    words: ["exec", "--skip-git-repo-check", "--sandbox", "read-only", PROMPT],
    variables: { CALYBRIS_KEY: key },
    files: {
      ".codex/config.toml": [
        `model = "${MODEL}"`,
        'model_provider = "cal"',
        "[model_providers.cal]",
        'name = "Calybris"',
        `base_url = "${url}/v1"`,
        'env_key = "CALYBRIS_KEY"',
        'wire_api = "responses"',
      ].join("\n"),
    },
  }),
  opencode: ({ url, key }) => ({
    words: ["run", "--model", `cal/${MODEL}`, PROMPT],
    variables: { OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_MODELS_FETCH: "1" },
    files: {
      ".config/opencode/opencode.json": JSON.stringify({
        ...{ autoupdate: false, share: "disabled", model: `cal/${MODEL}`, small_model: `cal/${MODEL}` },
        provider: {
          cal: {
            npm: "@ai-sdk/openai-compatible",
            options: { baseURL: `${url}/v1`, apiKey: key },
            models: { [MODEL]: {} },
          },
        },
      }),
    },
  }),
};

/** Gives an agent one prompt, and waits until it ends. */
export async function runAgent(name: AgentName, run: AgentRun): Promise<AgentEnd> {
  const { words, variables, files } = STARTS[name](run);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(run.home, path)), { recursive: true });
    writeFileSync(join(run.home, path), text);
  }
  const child = spawn(join(BIN, name), words, {
    cwd: run.home,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it starts ends with it.
    detached: true,
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: run.home,
      XDG_CONFIG_HOME: join(run.home, ".config"),
      TERM: "dumb",
      IS_SANDBOX: "1",
      ...variables,
    },
  });
  let printed = "";
  const note = (piece: Buffer): void => {
    printed += piece.toString();
  };
  child.stdout.on("data", note);
  child.stderr.on("data", note);
  const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), run.milliseconds);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { code, printed };
}
