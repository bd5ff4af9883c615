package trace

import (
	"fmt"

	"rollsim/reducer"
)

const (
	nanosPerSecond = 1_000_000_000
	secondsPerDay  = 86_400
)

// AppendTime appends t in RFC 3339, in UTC with Z, and with the fewest of 0, 3, 6 or 9 decimals
// that represent it exactly.
func AppendTime(b []byte, t reducer.Time) []byte {
	seconds, nanos := floorDiv(int64(t), nanosPerSecond)
	days, second := floorDiv(seconds, secondsPerDay)
	year, month, day := civil(days)

	b = append(
		b, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
	)
	b = append2(b, month)
	b = append2(append(b, '-'), day)
	b = appendClock(append(b, 'T'), second)
	b = appendDecimals(b, nanos, 0)
	return append(b, 'Z')
}

// appendClock appends the hours, minutes and seconds of a second of the day.
func appendClock(b []byte, second int64) []byte {
	b = append2(b, second/3600)
	b = append2(append(b, ':'), second/60%60)
	return append2(append(b, ':'), second%60)
}

// appendDecimals appends the fraction of a second with the fewest of 0, 3, 6 or 9 decimals that
// represent it, and at least with least decimals.
func appendDecimals(b []byte, nanos int64, least int) []byte {
	n := 9
	switch {
	case nanos == 0:
		n = 0
	case nanos%1_000_000 == 0:
		n = 3
	case nanos%1_000 == 0:
		n = 6
	}
	n = max(n, least)
	if n == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(nanosPerSecond / 10); n > 0; n-- {
		b = append(b, byte('0'+nanos/unit%10))
		unit /= 10
	}
	return b
}

func append2(b []byte, v int64) []byte { return append(b, byte('0'+v/10), byte('0'+v%10)) }

func floorDiv(a, b int64) (quotient, remainder int64) {
	quotient, remainder = a/b, a%b
	if remainder < 0 {
		quotient--
		remainder += b
	}
	return quotient, remainder
}

// ParseTime parses an RFC 3339 time with any offset and 0 to 9 decimals. T and Z may be lower-case.
// Second 60, a leap second, is the second after 59. The error says what was expected: an RFC 3339
// time, or one in the range of reducer.Time.
func ParseTime[S ~string | ~[]byte](s S) (reducer.Time, error) {
	seconds, ok := parseSeconds(s)
	if !ok {
		return 0, errNoTime(s)
	}
	nanos, rest, ok := parseDecimals(s, secondsText)
	if !ok {
		return 0, errNoTime(s)
	}
	offset, ok := parseOffset(s, rest)
	if !ok {
		return 0, errNoTime(s)
	}
	seconds -= offset
	const (
		firstSecond, firstNanos = -9_223_372_037, 145_224_192
		lastSecond, lastNanos   = 9_223_372_036, 854_775_807
	)
	if seconds < firstSecond || seconds == firstSecond && nanos < firstNanos ||
		seconds > lastSecond || seconds == lastSecond && nanos > lastNanos {
		return 0, fmt.Errorf("expected a time from 1677-09-21T00:12:43.145224192Z to "+
			"2262-04-11T23:47:16.854775807Z, found %s",
			clip(appendQuoted(nil, string(s))))
	}
	t := seconds*nanosPerSecond + nanos // the product may overflow, the sum does not
	return reducer.Time(t), nil
}

// secondsText is the length of a time up to its seconds.
const secondsText = len("2026-05-16T01:00:00")

// parseSeconds parses a time up to its seconds, without decimals and offset, as seconds since 1970.
func parseSeconds[S ~string | ~[]byte](s S) (int64, bool) {
	if len(s) < secondsText+len("Z") ||
		s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year := digits(s, 0, 2)*100 + digits(s, 2, 2)
	month, day := digits(s, 5, 2), digits(s, 8, 2)
	hour, minute, second := digits(s, 11, 2), digits(s, 14, 2), digits(s, 17, 2)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	return daysSinceEpoch(year, month, day)*secondsPerDay + hour*3600 + minute*60 + second, true
}

// parseDecimals parses the fraction of a second at i, if there is one. end is the index after it.
func parseDecimals[S ~string | ~[]byte](s S, i int) (nanos int64, end int, ok bool) {
	if s[i] != '.' {
		return 0, i, true
	}
	i++
	start, unit := i, int64(nanosPerSecond/10)
	for i < len(s) && s[i]-'0' <= 9 {
		nanos += int64(s[i]-'0') * unit
		unit /= 10
		i++
	}
	return nanos, i, i > start && i-start <= 9
}

func errNoTime[S ~string | ~[]byte](s S) error {
	return fmt.Errorf(
		`expected an RFC 3339 time such as "2026-05-16T01:00:00.5Z", found %s`,
		clip(appendQuoted(nil, string(s))),
	)
}

// digits parses n decimal digits at i. The result is negative when one of them is not a digit.
func digits[S ~string | ~[]byte](s S, i, n int) int64 {
	var v int64
	for _, c := range []byte(s[i : i+n]) {
		if c-'0' > 9 {
			return -1_000_000
		}
		v = v*10 + int64(c-'0')
	}
	return v
}

// parseOffset parses the offset from UTC, in seconds, that begins at i and ends s.
func parseOffset[S ~string | ~[]byte](s S, i int) (int64, bool) {
	switch rest := len(s) - i; {
	case rest == 1 && s[i]|0x20 == 'z':
		return 0, true
	case rest == len("+00:00") && (s[i] == '+' || s[i] == '-') && s[i+3] == ':':
		hours, minutes := digits(s, i+1, 2), digits(s, i+4, 2)
		if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
			return 0, false
		}
		if s[i] == '-' {
			return -(hours*3600 + minutes*60), true
		}
		return hours*3600 + minutes*60, true
	}
	return 0, false
}

func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch returns the number of days from 1970-01-01 to a date of the Gregorian calendar. It
// lets years begin in March, so that a leap day is the last day of its year.
func daysSinceEpoch(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era, yearOfEra := floorDiv(year, 400)
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

// civil is the inverse of daysSinceEpoch.
func civil(days int64) (year, month, day int64) {
	era, dayOfEra := floorDiv(days+719468, 146097)
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*m+2)/5 + 1
	year, month = yearOfEra+era*400, m+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}
