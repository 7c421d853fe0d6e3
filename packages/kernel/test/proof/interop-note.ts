/**
 * Keys and a note that the Go implementations wrote (golang.org/x/mod/sumdb/note and transparency-dev/formats), as
 * published with the Rust core: a log and a witness sign one checkpoint, which has an extension line.
 * @module
 */
export const LOG_SIGNER_KEY =
  "PRIVATE+KEY+calybris.example/interop+34f7ffcf+ARERERERERERERERERERERERERERERERERERERERERER";
export const LOG_KEY = "calybris.example/interop+34f7ffcf+AdBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3";
export const WITNESS_SIGNER_KEY = "PRIVATE+KEY+witness.example+2e6b03e5+BCIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIi";
export const WITNESS_KEY = "witness.example+2e6b03e5+BKCapfR6Z1mAL/lV+NwtKhSlyZ0jvpf4ZBJ/+Tg0VaTw";
export const TEXT = "calybris.example/interop\n5\n3Swq2NXIapzVKasWJTtJufv5DtCBb5te8OyYWZbqZ0A=\nprev deadbeef\n";
export const LOG_LINE =
  "— calybris.example/interop NPf/z7/XReyYuA77iHGHhb4SbYFJpobnocuiH4cN6Gnh7q0r0KNrO7Km6CFFss9P+rxNFUH9e8PHgum4PDK0HqIz9g4=\n";
export const WITNESS_LINE =
  "— witness.example LmsD5QAAAABqt38df5mzex72Y6x/GpcF85ujkWVwM2nTTPlC80H+95ztWxUmXyy6kUdLRuQqcP5H9FjIaH/D0cppeXcb4GH0iemwAw==\n";
