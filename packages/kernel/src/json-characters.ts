/**
 * The character codes of JSON, for loops that read a text code by code.
 * @module
 */

export const TAB = 0x09;
export const NEWLINE = 0x0a;
export const RETURN = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const POINT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const UNDERSCORE = 0x5f;
export const A = 0x61;
export const E = 0x65;
export const F = 0x66;
export const T = 0x74;
export const Z = 0x7a;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;

/** The only bit that differs between the two cases of a letter, between `[` and `{`, and between `]` and `}`. */
export const CASE_BIT = 0x20;
