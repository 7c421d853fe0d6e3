/**
 * The command-line options of `certify`.
 * @module
 */
import type { RiskKind } from "@calybris/learning";

export interface CertifyOptions {
  readonly data?: string;
  readonly map?: string;
  readonly set?: readonly string[];
  readonly log?: string;
  readonly prior?: string;
  readonly priorOut?: string;
  readonly out?: string;
  readonly alpha: number;
  readonly delta: number;
  readonly risk: RiskKind;
  readonly grid: number;
  readonly regimes?: true;
  readonly seed: number;
  readonly json?: true;
}
