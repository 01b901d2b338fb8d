import { createHash } from "node:crypto";
import { oldestFirst } from "../dates.ts";
import { gramsOf, nearOf, type Sketch, sketchOf, squeezed } from "./near.ts";
import type { Post } from "./posts.ts";

/**
 * The cleaning of Appendix E: "removing short posts, duplicates, and advertisements". The paper names no thresholds; all
 * of these are ours, can be set, and are counted one by one.
 */
export interface Rules {
  /** Characters (white space aside) of a content at least. */
  readonly minContent: number;
  /** Characters of a title at least: it is a task's answer. */
  readonly minTitle: number;
  /** Two posts are one when this share of their characters' 5-grams is common (1: only the very same text is). */
  readonly nearDuplicate: number;
  /** What gives an advertisement away; any one is enough. */
  readonly advertisement: readonly { readonly name: string; readonly pattern: RegExp }[];
}

export const RULES: Rules = {
  minContent: 20,
  minTitle: 2,
  nearDuplicate: 0.9,
  advertisement: [
    { name: "a link", pattern: /https?:\/\/|www\.[\w-]+\.|\.(?:com|cn|net)\b/i },
    { name: "a phone number", pattern: /(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)/ },
    {
      name: "a contact to add",
      pattern:
        /(?:加|私|联系|添加).{0,4}(?:微信|薇信|威信|VX|V信|qq|扣扣)|(?:微信|薇信|VX|qq)(?:号)?\s*(?:[:：]\s*)?[a-z0-9_-]{5,}/i,
    },
    {
      name: "words of selling",
      pattern: /招代理|诚招|加盟热线|代购|刷单|扫码(?:领|关注|加)|点击链接|免费领取|限时抢购|优惠码|推广合作|商务合作/,
    },
  ],
};

/** Why a post goes, in the order in which the rules are applied; a post is counted under the first. */
export const REASONS = ["short content", "short title", "advertisement", "duplicate", "near duplicate"] as const;
export type Reason = (typeof REASONS)[number];

export interface Cleaned {
  readonly kept: readonly Post[];
  readonly removed: readonly { readonly post: Post; readonly reason: Reason; readonly detail: string }[];
}

const digest = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 27);
const lengthOf = (text: string): number => [...text.replace(/\s+/gu, "")].length;

/**
 * Applies the rules. Duplicates are looked for over all users (advertisers have many names), punctuation and white space
 * aside; the earliest post stays, as given where dates are equal. Near duplicates are looked for within one user.
 */
export function cleanPosts(posts: readonly Post[], rules: Rules): Cleaned {
  const removed: { post: Post; reason: Reason; detail: string }[] = [];
  // Digests and sketches, not the texts: there may be millions.
  const contents = new Map<string, string>();
  const sketches = new Map<string, Sketch[]>();
  // By date, so that of two the earlier one is met first; the kept ones go back into the given order.
  const kept = oldestFirst(posts).filter((post) => {
    const first = reasonOf(post, rules);
    const text = squeezed(post.content);
    const key = digest(text);
    const twin = contents.get(key);
    const own = sketches.get(post.user) ?? [];
    const grams = first === null && twin === undefined && rules.nearDuplicate < 1 ? gramsOf(text) : null;
    const sketch = grams === null ? null : sketchOf(post, grams, rules.nearDuplicate);
    const near = grams === null || sketch === null ? undefined : nearOf(sketch, grams, own, rules.nearDuplicate);
    const why =
      first ??
      (twin !== undefined
        ? { reason: "duplicate" as const, detail: `of ${twin}` }
        : near !== undefined
          ? { reason: "near duplicate" as const, detail: `of ${near.id}` }
          : null);
    if (why !== null) {
      removed.push({ post, ...why });
      return false;
    }
    contents.set(key, post.id);
    if (sketch !== null) own.push(sketch);
    sketches.set(post.user, own);
    return true;
  });
  const stay = new Set(kept);
  return { kept: posts.filter((post) => stay.has(post)), removed };
}

function reasonOf(post: Post, rules: Rules): { reason: Reason; detail: string } | null {
  const [content, title] = [lengthOf(post.content), lengthOf(post.title)];
  if (content < rules.minContent) return { reason: "short content", detail: `${content} characters` };
  if (title < rules.minTitle) return { reason: "short title", detail: `${title} characters` };
  const sold = rules.advertisement.find(({ pattern }) => pattern.test(`${post.title}\n${post.content}`));
  return sold === undefined ? null : { reason: "advertisement", detail: sold.name };
}

/** How many posts each rule took, in order, zeros included. */
export function countsOf({ removed }: Cleaned): Readonly<Record<Reason, number>> {
  const counts = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<Reason, number>;
  for (const { reason } of removed) counts[reason]++;
  return counts;
}
