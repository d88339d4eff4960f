//! A prototype that looks for the physical limit: bit masks, no heap, `const fn` parse,
//! next occurrence in O(1) per month. It is a measuring stick, not the product: its grammar is
//! enough for the workloads (5 or 6 fields, lists, ranges, steps, names, `?`, `L`, `L-n`, `nW`,
//! `LW`, `dL`, `d#n`; Vixie's rule joins two restricted day fields with "or").
//!
//! Uses only std and nothing newer than rustc 1.63, so that file alone can be given to an old
//! compiler: `rustc --edition 2021 --crate-type lib limit.rs`.

/// Why an expression was refused, and the byte at which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    pub at: u32,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    FieldCount,
    Value,
    Range,
    Step,
    Junk,
}

impl What {
    pub const fn text(self) -> &'static str {
        match self {
            What::FieldCount => "cron: expected 5 or 6 fields",
            What::Value => "cron: value out of range or not a value",
            What::Range => "cron: range runs backwards",
            What::Step => "cron: bad step",
            What::Junk => "cron: unexpected character",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    sec: u64,
    min: u64,
    /// Bits 0..35: weekday grid, bit `7*(n-1)+weekday` for the n-th such weekday of a month; a plain
    /// weekday sets all five. Bits 35..42: weekdays asked for as the month's last.
    grid: u64,
    hour: u32,
    /// Bits 1..=31.
    dom: u32,
    /// Bits 1..=31: nearest working day to that day; bit 0: last working day of the month.
    near: u32,
    /// Bit n: the n-th day before the month's last day.
    from_end: u32,
    /// Bits 1..=12.
    month: u16,
    flags: u16,
}

// Which days: all, by weekday only, by day of the month only, by everything, none at all.
const KIND: u16 = 7;
const DAILY: u16 = 0;
const WEEKLY: u16 = 1;
const MONTHLY: u16 = 2;
const GENERAL: u16 = 3;
const NEVER: u16 = 4;
/// Both day fields restricted: either matches.
const UNION: u16 = 8;
/// Only ever on 29 February.
const LEAP: u16 = 16;

const MONTHS_ALL: u16 = 0x1FFE;
const DOM_ALL: u32 = 0xFFFF_FFFE;
const GRID_ALL: u64 = (1 << 35) - 1;
const REP5: u64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28;

/// Multiples of the index, as bits.
const STEPS: [u64; 64] = {
    let mut t = [0u64; 64];
    let mut n = 1;
    while n < 64 {
        let mut v = 0;
        while v < 64 {
            t[n] |= 1 << v;
            v += n;
        }
        n += 1;
    }
    t[0] = 0;
    t
};

const ROT: [u64; 7] = {
    let mut t = [0u64; 7];
    let mut f = 0;
    while f < 7 {
        t[f] = ((1u64 << (7 - f)) - 1) * REP5;
        f += 1;
    }
    t
};

// ------------------------------------------------------------------------------------------
// Parsing

#[derive(Clone, Copy)]
struct Field<'a> {
    mask: u64,
    /// What is left after the field and one blank, or from where it went wrong.
    rest: &'a [u8],
    /// Extra bits: for days of the month `near` << 32 | `from_end`, for weekdays grid bits.
    extra: u64,
    /// Starts with `*` or `?`.
    star: bool,
    bad: Option<What>,
}

const SEC: u8 = 0;
const HOUR: u8 = 1;
const DOM: u8 = 2;
const MONTH: u8 = 3;
const DOW: u8 = 4;

#[inline(always)]
const fn first(b: &[u8]) -> u8 {
    match b {
        [c, ..] => *c,
        [] => b' ',
    }
}

#[inline(always)]
const fn tail(b: &[u8]) -> &[u8] {
    match b {
        [_, t @ ..] => t,
        [] => b,
    }
}

/// One value: up to two digits, or a name. Gives (value, the rest); value 255 means none.
#[inline(always)]
const fn value<const F: u8>(b: &[u8]) -> (u32, &[u8]) {
    match b {
        [c0, t @ ..] => {
            let d0 = c0.wrapping_sub(b'0');
            if d0 < 10 {
                match t {
                    [c1, t1 @ ..] => {
                        let d1 = c1.wrapping_sub(b'0');
                        if d1 < 10 {
                            (d0 as u32 * 10 + d1 as u32, t1)
                        } else {
                            (d0 as u32, t)
                        }
                    }
                    [] => (d0 as u32, t),
                }
            } else if F == MONTH || F == DOW {
                match t {
                    [c1, c2, t @ ..] => {
                        let key = (*c0 as u32) << 16 | (*c1 as u32) << 8 | *c2 as u32 | 0x20_2020;
                        (name::<F>(key), t)
                    }
                    _ => (255, b),
                }
            } else {
                (255, b)
            }
        }
        [] => (255, b),
    }
}

const fn k(s: &[u8; 3]) -> u32 {
    (s[0] as u32) << 16 | (s[1] as u32) << 8 | s[2] as u32
}

const NAMES_MONTH: [(u32, u8); 16] = names(
    [
        k(b"jan"),
        k(b"feb"),
        k(b"mar"),
        k(b"apr"),
        k(b"may"),
        k(b"jun"),
        k(b"jul"),
        k(b"aug"),
        k(b"sep"),
        k(b"oct"),
        k(b"nov"),
        k(b"dec"),
    ],
    1,
    MUL_MONTH,
);
const NAMES_DOW: [(u32, u8); 16] = names(
    [k(b"sun"), k(b"mon"), k(b"tue"), k(b"wed"), k(b"thu"), k(b"fri"), k(b"sat"), 0, 0, 0, 0, 0],
    0,
    MUL_DOW,
);

const MUL_MONTH: u32 = search(
    [
        k(b"jan"),
        k(b"feb"),
        k(b"mar"),
        k(b"apr"),
        k(b"may"),
        k(b"jun"),
        k(b"jul"),
        k(b"aug"),
        k(b"sep"),
        k(b"oct"),
        k(b"nov"),
        k(b"dec"),
    ],
    12,
);
const MUL_DOW: u32 =
    search([k(b"sun"), k(b"mon"), k(b"tue"), k(b"wed"), k(b"thu"), k(b"fri"), k(b"sat"), 0, 0, 0, 0, 0], 7);

/// An odd multiplier whose top four bits tell the first `n` keys apart, found while compiling.
const fn search(keys: [u32; 12], n: usize) -> u32 {
    let mut mul = 0x9E37_79B1u32;
    loop {
        let mut seen = 0u32;
        let mut j = 0;
        while j < n {
            let h = keys[j].wrapping_mul(mul) >> 28;
            if seen >> h & 1 == 1 {
                break;
            }
            seen |= 1 << h;
            j += 1;
        }
        if j == n {
            return mul;
        }
        mul = mul.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F) | 1;
    }
}

const fn names(keys: [u32; 12], first: u8, mul: u32) -> [(u32, u8); 16] {
    let mut t = [(0u32, 255u8); 16];
    let mut j = 0;
    while j < 12 {
        if keys[j] != 0 {
            t[(keys[j].wrapping_mul(mul) >> 28) as usize] = (keys[j], first + j as u8);
        }
        j += 1;
    }
    t
}

#[inline(always)]
const fn name<const F: u8>(key: u32) -> u32 {
    let (want, v) = if F == MONTH {
        NAMES_MONTH[(key.wrapping_mul(MUL_MONTH) >> 28) as usize]
    } else {
        NAMES_DOW[(key.wrapping_mul(MUL_DOW) >> 28) as usize]
    };
    if want == key {
        v as u32
    } else {
        255
    }
}

const fn limits<const F: u8>() -> (u32, u32) {
    match F {
        SEC => (0, 59),
        HOUR => (0, 23),
        DOM => (1, 31),
        MONTH => (1, 12),
        _ => (0, 7),
    }
}

#[inline(always)]
const fn span(lo: u32, hi: u32) -> u64 {
    (2u64 << hi) - (1u64 << lo)
}

#[inline(always)]
const fn wrong(rest: &[u8], what: What) -> Field<'_> {
    Field { mask: 0, rest, extra: 0, star: false, bad: Some(what) }
}

#[inline(always)]
const fn field<const F: u8>(b: &[u8]) -> Field<'_> {
    let (min, max) = limits::<F>();
    let all_hi = if F == DOW { 6 } else { max };
    // The commonest fields of all: a lone star, and a lone number.
    if let [b'*', t @ ..] = b {
        if first(t) <= b' ' {
            return Field { mask: span(min, all_hi), rest: tail(t), extra: 0, star: true, bad: None };
        }
    }
    if F != DOW {
        let (v, t) = value::<SEC>(b);
        if first(t) <= b' ' && v >= min && v <= max {
            return Field { mask: 1 << v, rest: tail(t), extra: 0, star: false, bad: None };
        }
    }
    items::<F>(b)
}

#[inline(always)]
const fn items<const F: u8>(mut b: &[u8]) -> Field<'_> {
    let (min, max) = limits::<F>();
    let all_hi = if F == DOW { 6 } else { max };
    let star = matches!(first(b), b'*' | b'?');
    let mut mask = 0u64;
    let mut extra = 0u64;
    loop {
        let c = first(b);
        let lo;
        let mut hi;
        if c == b'*' || c == b'?' {
            lo = min;
            hi = all_hi;
            b = tail(b);
        } else if F == DOM && c | 0x20 == b'l' {
            let (e, t) = last_day(tail(b));
            if e == 0 {
                return wrong(b, What::Value);
            }
            extra |= e;
            b = t;
            if first(b) == b',' {
                b = tail(b);
                continue;
            }
            break;
        } else {
            let (v, t) = value::<F>(b);
            if v < min || v > max {
                return wrong(b, What::Value);
            }
            lo = v;
            hi = v;
            b = t;
        }
        let mut c = first(b);
        if c == b'-' {
            let (v, t) = value::<F>(tail(b));
            if v > max {
                return wrong(b, What::Value);
            }
            if v < lo {
                return wrong(b, What::Range);
            }
            hi = v;
            b = t;
            c = first(b);
        }
        if c == b',' {
            mask |= span(lo, hi);
            b = tail(b);
            continue;
        }
        if c <= b' ' {
            mask |= span(lo, hi);
            break;
        }
        if c == b'/' {
            let (s, t) = value::<SEC>(tail(b));
            if s == 0 || s > 59 {
                return wrong(b, What::Step);
            }
            if hi == lo {
                hi = all_hi;
            }
            mask |= (STEPS[s as usize & 63] << lo) & span(lo, hi);
            b = t;
        } else if F == DOM && c | 0x20 == b'w' {
            extra |= 1u64 << (32 + lo);
            b = tail(b);
        } else if F == DOW && (c == b'#' || c | 0x20 == b'l') {
            let wd = if lo == 7 { 0 } else { lo };
            b = tail(b);
            if c == b'#' {
                let n = first(b).wrapping_sub(b'1');
                if n > 4 {
                    return wrong(b, What::Value);
                }
                extra |= 1u64 << (n as u32 * 7 + wd);
                b = tail(b);
            } else {
                extra |= 1u64 << (35 + wd);
            }
        } else {
            return wrong(b, What::Junk);
        }
        let c = first(b);
        if c == b',' {
            b = tail(b);
            continue;
        }
        if c <= b' ' {
            break;
        }
        return wrong(b, What::Junk);
    }
    if F == DOW {
        mask = (mask | mask >> 7) & 0x7F;
    }
    Field { mask, rest: tail(b), extra, star, bad: None }
}

/// After an `L`: nothing, `W` or `-n`. Gives the extra bits, 0 for a bad one, and the rest.
#[inline(never)]
const fn last_day(b: &[u8]) -> (u64, &[u8]) {
    match b {
        [b'w' | b'W', t @ ..] => (1 << 32, t),
        [b'-', t @ ..] => {
            let (v, t) = value::<SEC>(t);
            if v > 30 {
                (0, t)
            } else {
                (1 << v, t)
            }
        }
        _ => (1, b),
    }
}

/// Drops blanks, of which there are seldom any more by now.
#[inline(always)]
const fn skip(b: &[u8]) -> &[u8] {
    match b {
        [c, ..] if *c <= b' ' => skip_more(b),
        _ => b,
    }
}

#[cold]
#[inline(never)]
const fn skip_more(mut b: &[u8]) -> &[u8] {
    while let [c, t @ ..] = b {
        if *c > b' ' {
            break;
        }
        b = t;
    }
    b
}

/// How many blank-separated fields there are.
const fn count(mut b: &[u8]) -> u32 {
    let mut n = 0;
    let mut was = true;
    while let [c, t @ ..] = b {
        let blank = *c <= b' ';
        n += (was & !blank) as u32;
        was = blank;
        b = t;
    }
    n
}

impl Cron {
    /// For constants: a bad expression stops the build.
    pub const fn new(s: &str) -> Cron {
        match Cron::parse(s) {
            Ok(c) => c,
            Err(e) => panic!("{}", e.what.text()),
        }
    }

    #[inline]
    pub const fn parse(s: &str) -> Result<Cron, Error> {
        let b = skip(s.as_bytes());
        // Try the five fields that nearly every expression has; count only if that does not fit.
        match Cron::fields(b, 1) {
            (c, [], None) => Ok(c),
            (_, rest, bad) => Cron::parse_other(s.as_bytes(), rest, bad),
        }
    }

    #[cold]
    #[inline(never)]
    const fn parse_other(b: &[u8], rest: &[u8], bad: Option<What>) -> Result<Cron, Error> {
        let n = count(b);
        if n == 6 {
            let f = field::<SEC>(skip(b));
            if let Some(what) = f.bad {
                return Err(Error { at: (b.len() - f.rest.len()) as u32, what });
            }
            return match Cron::fields(skip(f.rest), f.mask) {
                (c, _, None) => Ok(c),
                (_, rest, Some(what)) => Err(Error { at: (b.len() - rest.len()) as u32, what }),
            };
        }
        match bad {
            Some(what) if n == 5 => Err(Error { at: (b.len() - rest.len()) as u32, what }),
            _ => Err(Error { at: b.len() as u32, what: What::FieldCount }),
        }
    }

    #[inline(always)]
    const fn fields(b: &[u8], sec: u64) -> (Cron, &[u8], Option<What>) {
        const NONE: Cron =
            Cron { sec: 0, min: 0, grid: 0, hour: 0, dom: 0, near: 0, from_end: 0, month: 0, flags: NEVER };
        let mi = field::<SEC>(b);
        if mi.bad.is_some() {
            return (NONE, mi.rest, mi.bad);
        }
        let ho = field::<HOUR>(skip(mi.rest));
        if ho.bad.is_some() {
            return (NONE, ho.rest, ho.bad);
        }
        let b = skip(ho.rest);
        let dm;
        let mo;
        // Most expressions have a star for both the day of the month and the month.
        if let [b'*', b' ', b'*', b' ', t @ ..] = b {
            dm = Field { mask: DOM_ALL as u64, rest: t, extra: 0, star: true, bad: None };
            mo = Field { mask: MONTHS_ALL as u64, rest: t, extra: 0, star: true, bad: None };
        } else {
            dm = field::<DOM>(b);
            if dm.bad.is_some() {
                return (NONE, dm.rest, dm.bad);
            }
            mo = field::<MONTH>(skip(dm.rest));
            if mo.bad.is_some() {
                return (NONE, mo.rest, mo.bad);
            }
        }
        let dw = field::<DOW>(skip(mo.rest));
        if dw.bad.is_some() {
            return (NONE, dw.rest, dw.bad);
        }
        let month = mo.mask as u16;
        let dom = dm.mask as u32;
        let all_days = dm.star & (dom == DOM_ALL);
        let flags = if all_days & (month == MONTHS_ALL) & (dw.extra == 0) {
            if dw.mask == 0x7F {
                DAILY
            } else {
                WEEKLY
            }
        } else {
            let plain = dm.extra >> 32 == 0;
            let any_weekday = dw.star & (dw.mask == 0x7F);
            let union = !dm.star && !dw.star;
            // Can any month hold one of these days? Only days of the month can miss.
            let top = if month & 0x15AA != 0 {
                0xFFFF_FFFE // one of 31 days
            } else if month & 0x0A50 != 0 {
                0x7FFF_FFFE // one of 30
            } else {
                0x3FFF_FFFEu32
            };
            let some = dom & top != 0
                || dm.extra != 0
                    && ((dm.extra >> 32) as u32 & (top | 1) != 0 || dm.extra as u32 & (top >> 1) != 0);
            if !some && !union {
                NEVER
            } else if plain && any_weekday {
                if month == 1 << 2 && dom & top == 1 << 29 && dm.extra == 0 {
                    MONTHLY | LEAP
                } else {
                    MONTHLY
                }
            } else if union {
                GENERAL | UNION
            } else if month == 1 << 2 && dom & top == 1 << 29 && dm.extra == 0 {
                GENERAL | LEAP
            } else {
                GENERAL
            }
        };
        let cron = Cron {
            sec,
            min: mi.mask,
            grid: dw.mask * REP5 | dw.extra,
            hour: ho.mask as u32,
            dom,
            near: (dm.extra >> 32) as u32,
            from_end: dm.extra as u32,
            month,
            flags,
        };
        (cron, skip(dw.rest), None)
    }
}

// ------------------------------------------------------------------------------------------
// Calendar

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: u32 = 719_468;
const BIAS: i64 = EPOCH as i64 * 86_400;
/// First second past year 9999 on the biased scale.
const END: u64 = (BIAS + 253_402_300_800) as u64;
const RECIP: u64 = (((1u128 << 64) + 86_399) / 86_400) as u64;

/// Year, month, day of a day number counted from 0000-03-01, by Ben Joffe's method (2025): days are
/// counted backwards from a far era, so that the divisions need no remainders. Checked against
/// Neri and Schneider's for every day of the years 0 to 9999.
#[inline(always)]
const fn civil(n: u32) -> (u32, u32, u32) {
    const ERAS: u64 = 50;
    let back = 146_097 * ERAS - 1 - n as u64;
    let century = (back as u128 * 505_054_698_555_331 >> 64) as u64;
    let julian = back + century - century / 4;
    let years = julian as u128 * 50_504_432_782_230_121;
    let y = (400 * ERAS - 1 - (years >> 64) as u64) as u32;
    let part = ((years as u64) as u128 * 782_432 >> 64) as u32;
    let j = part < 126_464;
    let k = y % 4 * 512 + (if j { 191_360 } else { 977_792 }) - part;
    let d = ((k & 0xFFFF) as u128 * 8_619_973_866_219_416 >> 64) as u32;
    (y + j as u32, k >> 16, d + 1)
}

/// Day number of the first of a month.
#[inline(always)]
const fn first_of(y: u32, m: u32) -> u32 {
    let j = (m <= 2) as u32;
    let y = y - j;
    let m = m + 12 * j;
    let c = y / 100;
    1461 * y / 4 - c + c / 4 + (979 * m - 2919) / 32
}

#[inline(always)]
const fn leap(y: u32) -> bool {
    y & (if y % 25 == 0 { 15 } else { 3 }) == 0
}

#[inline(always)]
const fn month_len(y: u32, m: u32) -> u32 {
    if m == 2 {
        28 + leap(y) as u32
    } else {
        30 | (m ^ m >> 3) & 1
    }
}

impl Cron {
    /// The days of one month on which this fires, as bits 1..=31.
    #[inline(always)]
    const fn days<const PLAIN: bool>(&self, y: u32, m: u32, first: u32) -> u32 {
        let len = month_len(y, m);
        let valid = ((2u64 << len) - 2) as u32;
        if PLAIN {
            // Bit n of `from_end` is the day `len` - n.
            return (self.dom | self.from_end.reverse_bits() >> (31 - len)) & valid;
        }
        let fw = (first + 3) % 7;
        let keep = ROT[fw as usize];
        let g = self.grid;
        let mut w = ((g >> fw & keep) | (g << (7 - fw) & !keep & GRID_ALL)) << 1;
        let mut d = self.dom;
        if self.near | self.from_end != 0 || g > GRID_ALL {
            let (dd, ww) = self.odd_days(len, fw);
            d |= dd;
            w |= ww as u64;
        }
        (if self.flags & UNION != 0 { d | w as u32 } else { d & w as u32 }) & valid
    }

    #[inline(never)]
    const fn odd_days(&self, len: u32, fw: u32) -> (u32, u32) {
        let mut d = 0u32;
        let e = self.from_end;
        if e != 0 {
            // Bit n becomes bit len - n.
            d |= (e.reverse_bits() >> (31 - len)) & !1;
        }
        let mut n = self.near;
        while n != 0 {
            let bit = n.trailing_zeros();
            n &= n - 1;
            let day = if bit == 0 { len } else { bit };
            if day > len {
                continue;
            }
            let wd = (fw + day - 1) % 7;
            let day = if wd == 6 {
                if day == 1 {
                    3
                } else {
                    day - 1
                }
            } else if wd == 0 {
                if day == len {
                    day - 2
                } else {
                    day + 1
                }
            } else {
                day
            };
            d |= 1 << day;
        }
        let last = self.grid >> 35;
        let mut w = 0u64;
        if last != 0 {
            let g = last * REP5;
            let keep = ROT[fw as usize];
            w = ((g >> fw & keep) | (g << (7 - fw) & !keep & GRID_ALL)) << 1;
            w &= 0x7Fu64 << (len - 6);
        }
        (d, w as u32)
    }

    /// The first day at or after `n` that matches; 0 for none.
    #[inline(always)]
    const fn day_from<const PLAIN: bool>(&self, n: u32) -> u32 {
        let (mut y, mut m, d) = civil(n);
        if self.month >> m & 1 == 1 {
            let first = n - (d - 1);
            let hit = self.days::<PLAIN>(y, m, first) >> d;
            if hit != 0 {
                return n + hit.trailing_zeros();
            }
        }
        let stop = y + 400;
        loop {
            let rest = (self.month as u32) >> (m + 1);
            if rest != 0 {
                m += 1 + rest.trailing_zeros();
            } else {
                y += 1;
                if self.flags & LEAP != 0 {
                    y = (y + 3) & !3;
                    y += 4 * !leap(y) as u32;
                }
                if y > stop {
                    return 0;
                }
                m = self.month.trailing_zeros();
            }
            let first = first_of(y, m);
            let hit = self.days::<PLAIN>(y, m, first);
            if hit != 0 {
                return first - 1 + hit.trailing_zeros();
            }
        }
    }

    #[inline(never)]
    const fn day_monthly(&self, n: u32) -> u32 {
        self.day_from::<true>(n)
    }

    #[inline(never)]
    const fn day_general(&self, n: u32) -> u32 {
        self.day_from::<false>(n)
    }

    /// The first matching second after `t`, both in seconds since 1970 in UTC.
    #[inline]
    pub const fn next_after(&self, t: i64) -> Option<i64> {
        let u = t.wrapping_add(BIAS + 1) as u64;
        if u >= END {
            return None;
        }
        // The quotient is the day; the remainder, kept as a binary fraction of it, gives the rest.
        let p = u as u128 * RECIP as u128;
        let day = (p >> 64) as u32;
        let p = (p as u64) as u128 * 24;
        let h = (p >> 64) as u32;
        let p = (p as u64) as u128 * 60;
        let m = (p >> 64) as u32;
        let p = (p as u64) as u128 * 60;
        let s = (p >> 64) as u32;

        // Carry upwards: which minute, hour and day can the search start in?
        let ss = self.sec >> s;
        let m1 = m + (ss == 0) as u32;
        let mm = self.min >> m1;
        let h1 = h + (mm == 0) as u32;
        let hh = self.hour >> h1;
        let late = (hh == 0) as u32;

        let d1 = day + late;
        let kind = self.flags & KIND;
        let d2 = if kind == DAILY {
            d1
        } else if kind == WEEKLY {
            // The low two weeks of the grid hold the weekday pattern twice.
            let wd = (day + 3) % 7 + late;
            d1 + (self.grid >> wd).trailing_zeros()
        } else {
            let d = if kind == MONTHLY {
                self.day_monthly(d1)
            } else if kind == GENERAL {
                self.day_general(d1)
            } else {
                0
            };
            if d == 0 {
                return None;
            }
            d
        };

        // And back down: the first value of each unit, unless the unit above has not moved.
        let same = d2 == day;
        let hx = if same { h1 + hh.trailing_zeros() } else { self.hour.trailing_zeros() };
        let same = same & (hx == h);
        let mx = if same { m1 + mm.trailing_zeros() } else { self.min.trailing_zeros() };
        let same = same & (mx == m);
        let sx = if same { s + ss.trailing_zeros() } else { self.sec.trailing_zeros() };
        Some(d2 as i64 * 86_400 + (hx * 3600 + mx * 60 + sx) as i64 - BIAS)
    }

    /// Whether it fires at this second.
    #[inline]
    pub const fn matches(&self, t: i64) -> bool {
        let u = t.wrapping_add(BIAS) as u64;
        if u >= END {
            return false;
        }
        let p = u as u128 * RECIP as u128;
        let day = (p >> 64) as u32;
        let p = (p as u64) as u128 * 24;
        let h = (p >> 64) as u32;
        let p = (p as u64) as u128 * 60;
        let m = (p >> 64) as u32;
        let s = ((p as u64) as u128 * 60 >> 64) as u32;
        if (self.sec >> s) & (self.min >> m) & (self.hour as u64 >> h) & 1 == 0 {
            return false;
        }
        let kind = self.flags & KIND;
        if kind == DAILY {
            true
        } else if kind == WEEKLY {
            self.grid >> ((day + 3) % 7) & 1 == 1
        } else {
            let (y, mo, d) = civil(day);
            self.month >> mo & 1 == 1 && self.days::<false>(y, mo, day - (d - 1)) >> d & 1 == 1
        }
    }

    /// Makes both day fields count, whatever the expression's own rule.
    pub const fn both(mut self) -> Cron {
        self.flags &= !UNION;
        if self.flags == GENERAL && self.month == 1 << 2 && self.dom & 0x3FFF_FFFE == 1 << 29 {
            self.flags |= LEAP;
        }
        self
    }
}

/// Occurrences in order. Keeps, as masks, what is left of the current minute, hour, day and month,
/// so that a step is a bit scan and an addition.
#[derive(Clone, Copy)]
pub struct Iter<'a> {
    cron: &'a Cron,
    secs: u64,
    mins: u64,
    hours: u32,
    days: u32,
    minute: i64,
    hour: i64,
    day: i64,
    /// The second at which the day before the month's first begins.
    month: i64,
    y: u32,
    m: u32,
    stop: u32,
}

impl Cron {
    pub const fn iter_after(&self, t: i64) -> Iter<'_> {
        let mut it = Iter {
            cron: self,
            secs: 0,
            mins: 0,
            hours: 0,
            days: 0,
            minute: 0,
            hour: 0,
            day: 0,
            month: 0,
            y: 0,
            m: 0,
            stop: 0,
        };
        let u = t.wrapping_add(BIAS + 1) as u64;
        if u >= END || self.flags & KIND == NEVER {
            return it;
        }
        let n = (u / 86_400) as u32;
        let sod = (u % 86_400) as u32;
        let (y, m, d) = civil(n);
        it.y = y;
        it.m = m;
        it.stop = y + 400;
        let first = n - (d - 1);
        it.month = (first as i64 - 1) * 86_400 - BIAS;
        if self.month >> m & 1 == 0 {
            return it;
        }
        let days = self.days::<false>(y, m, first);
        it.days = days & !1 & (!1u32 << d);
        if days >> d & 1 == 0 {
            return it;
        }
        let (h, mi, s) = (sod / 3600, sod / 60 % 60, sod % 60);
        it.day = it.month + d as i64 * 86_400;
        it.hours = self.hour & (!1u32 << h);
        if self.hour >> h & 1 == 0 {
            return it;
        }
        it.hour = it.day + h as i64 * 3600;
        it.mins = self.min & (!1u64 << mi);
        if self.min >> mi & 1 == 0 {
            return it;
        }
        it.minute = it.hour + mi as i64 * 60;
        it.secs = self.sec & (!0u64 << s);
        it
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = i64;
    #[inline(always)]
    fn next(&mut self) -> Option<i64> {
        if self.secs == 0 {
            if self.mins == 0 {
                if self.hours == 0 {
                    if self.days == 0 && !self.next_month() {
                        return None;
                    }
                    self.day = self.month + self.days.trailing_zeros() as i64 * 86_400;
                    self.days &= self.days - 1;
                    self.hours = self.cron.hour;
                }
                self.hour = self.day + self.hours.trailing_zeros() as i64 * 3600;
                self.hours &= self.hours - 1;
                self.mins = self.cron.min;
            }
            self.minute = self.hour + self.mins.trailing_zeros() as i64 * 60;
            self.mins &= self.mins - 1;
            self.secs = self.cron.sec;
        }
        let t = self.minute + self.secs.trailing_zeros() as i64;
        self.secs &= self.secs - 1;
        Some(t)
    }
}

impl<'a> Iter<'a> {
    #[inline(never)]
    fn next_month(&mut self) -> bool {
        let c = self.cron;
        loop {
            let rest = (c.month as u32) >> (self.m + 1);
            if rest != 0 {
                self.m += 1 + rest.trailing_zeros();
            } else {
                self.y += 1;
                if c.flags & LEAP != 0 {
                    self.y = (self.y + 3) & !3;
                    self.y += 4 * !leap(self.y) as u32;
                }
                if self.y > self.stop || c.month == 0 {
                    return false;
                }
                self.m = c.month.trailing_zeros();
            }
            let first = first_of(self.y, self.m);
            let plain = c.flags & KIND == MONTHLY;
            self.days = if plain {
                c.days::<true>(self.y, self.m, first)
            } else {
                c.days::<false>(self.y, self.m, first)
            };
            if self.days != 0 {
                self.stop = self.y + 400;
                self.month = (first as i64 - 1) * 86_400 - BIAS;
                return true;
            }
        }
    }
}

// ------------------------------------------------------------------------------------------
// Time zones

/// A zone as equal slices of time short enough to hold at most one change each, so that the
/// offset at an instant is one load and one comparison.
pub struct Zone {
    base: i64,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    change: i64,
    after: i64,
    before_off: i32,
    after_off: i32,
}

const SHIFT: u32 = 22; // 48.5 days

impl Zone {
    /// From changes in order: (instant, offset from then on), and the offset before the first.
    pub fn new(first_off: i32, changes: &[(i64, i32)], until: i64) -> Zone {
        let base = changes.first().map_or(0, |c| c.0) - 86_400;
        let n = ((until - base) >> SHIFT) as usize + 1;
        let mut slots = Vec::with_capacity(n);
        let mut k = 0;
        let mut off = first_off;
        for i in 0..n {
            let end = base + ((i as i64 + 1) << SHIFT);
            if k < changes.len() && changes[k].0 < end {
                let (at, to) = changes[k];
                k += 1;
                let after = changes.get(k).map_or(i64::MAX, |c| c.0);
                slots.push(Slot { change: at, after, before_off: off, after_off: to });
                off = to;
            } else {
                let next = changes.get(k).map_or(i64::MAX, |c| c.0);
                slots.push(Slot { change: next, after: next, before_off: off, after_off: off });
            }
        }
        Zone { base, slots }
    }

    /// New York by the rules since 1987.
    pub fn new_york() -> Zone {
        let mut v = Vec::new();
        let nth_sunday = |y: u32, m: u32, n: u32| -> i64 {
            let f = first_of(y, m);
            let fw = (f + 3) % 7;
            let d = f + (7 - fw) % 7 + 7 * (n - 1);
            (d as i64 - EPOCH as i64) * 86_400
        };
        for y in 1987..2200 {
            let (on, off) = if y < 2007 {
                // First Sunday of April, last of October, the one 7 days before November's first.
                (nth_sunday(y, 4, 1), nth_sunday(y, 11, 1) - 7 * 86_400)
            } else {
                (nth_sunday(y, 3, 2), nth_sunday(y, 11, 1))
            };
            v.push((on + 7 * 3600, -4 * 3600));
            v.push((off + 6 * 3600, -5 * 3600));
        }
        Zone::new(-5 * 3600, &v, 7_200_000_000)
    }

    /// Offset at an instant and the end of the stretch that has it.
    #[inline(always)]
    fn at(&self, t: i64) -> (i32, i64) {
        let i = ((t - self.base) as u64 >> SHIFT) as usize;
        let s = if i < self.slots.len() {
            &self.slots[i]
        } else if t < self.base {
            &self.slots[0]
        } else {
            &self.slots[self.slots.len() - 1]
        };
        if t < s.change {
            (s.before_off, s.change)
        } else {
            (s.after_off, s.after)
        }
    }

    pub fn heap_bytes(&self) -> usize {
        self.slots.len() * std::mem::size_of::<Slot>()
    }

    #[inline]
    pub fn offset(&self, t: i64) -> i32 {
        self.at(t).0
    }

    /// The instant at which clocks show a civil second: the first of two, or the end of the gap it is in.
    #[inline]
    pub fn instant(&self, wall: i64) -> i64 {
        const FARTHEST: i64 = 26 * 3600;
        let (off, end) = self.at(wall - FARTHEST);
        let t = wall - off as i64;
        if t < end {
            return t;
        }
        let (to, _) = self.at(end);
        (wall - to as i64).max(end)
    }
}

impl Cron {
    /// The next occurrence on a zone's wall clock. A time that a gap skips comes as much later as
    /// the gap is long; one that a fold repeats comes each time.
    #[inline]
    pub fn next_in(&self, z: &Zone, t: i64) -> Option<i64> {
        let (off, end) = z.at(t);
        let next = self.next_after(t + off as i64)? - off as i64;
        if next < end {
            return Some(next);
        }
        self.next_past(z, next, off, end)
    }

    #[inline(never)]
    fn next_past(&self, z: &Zone, mut next: i64, mut off: i32, mut end: i64) -> Option<i64> {
        loop {
            let (to, e) = z.at(end);
            if to > off && next < end + (to - off) as i64 {
                return Some(next);
            }
            // Nothing was due before the change: carry on with the clock as it reads after it.
            let wall = end + to as i64 - 1;
            next = self.next_after(wall)? - to as i64;
            if next < e {
                return Some(next);
            }
            // Far off: go straight to the stretch that the candidate falls in.
            let (o2, e2) = z.at(next);
            if o2 == to {
                return Some(next);
            }
            let _ = e2;
            off = to;
            end = e;
        }
    }
}

/// Occurrences on a zone's wall clock, by the same rules as `next_in`.
pub struct ZoneIter<'a> {
    inner: Iter<'a>,
    zone: &'a Zone,
    off: i32,
    end: i64,
}

impl Cron {
    pub fn iter_in<'a>(&'a self, zone: &'a Zone, t: i64) -> ZoneIter<'a> {
        let (off, end) = zone.at(t);
        ZoneIter { inner: self.iter_after(t + off as i64), zone, off, end }
    }
}

impl<'a> Iterator for ZoneIter<'a> {
    type Item = i64;
    #[inline(always)]
    fn next(&mut self) -> Option<i64> {
        let t = self.inner.next()? - self.off as i64;
        if t < self.end {
            return Some(t);
        }
        self.cross(t)
    }
}

impl<'a> ZoneIter<'a> {
    #[inline(never)]
    fn cross(&mut self, mut t: i64) -> Option<i64> {
        loop {
            let (to, end) = self.zone.at(self.end);
            let jump = (to - self.off) as i64;
            if jump > 0 && t < self.end + jump {
                return Some(t);
            }
            let wall = t + self.off as i64;
            if jump < 0 {
                self.inner = self.inner.cron.iter_after(self.end + to as i64 - 1);
                t = self.inner.next()? - to as i64;
            } else {
                t = wall - to as i64;
            }
            self.off = to;
            self.end = end;
            if t < end {
                return Some(t);
            }
        }
    }
}
