// What a token's report warns of, in words.

const WORDS = {
  CANNOT_BE_SOLD: "a purchase could not be sold again",
  NO_POOLS: "no pool trades it",
  ROUND_TRIP_LOSS: "bought and sold again it loses a lot",
  UNVERIFIED: "not on this engine's list",
  TRANSFER_FEE: "it keeps a part of each transfer",
  MINT_AUTHORITY: "its issuer can make more",
  FREEZE_AUTHORITY: "its issuer can freeze it",
  CONCENTRATED: "few hold most of it",
  HOLDERS_UNKNOWN: "its holders are not known",
  TRANSFER_HOOK: "a program of its issuer decides each transfer",
  PERMANENT_DELEGATE: "its issuer can take it back",
  DEFAULT_FROZEN: "accounts begin frozen",
  NON_TRANSFERABLE: "it cannot be transferred",
  CONFIDENTIAL_ONLY: "it moves in confidence only",
  PAUSED: "its issuer has paused it",
};

/** A warning's code in words; a code that is not known here is shown as it is. */
export const warningWords = (code) => WORDS[code] ?? code.toLowerCase().replaceAll("_", " ");

/** All warnings of a token in one sentence, gravest first; "" for one that is on the list. */
export function warningText(token) {
  if (!token?.warnings?.length) return "";
  const words = token.warnings.map(warningWords).join(", ");
  return `${token.symbol}: ${words}.`;
}
