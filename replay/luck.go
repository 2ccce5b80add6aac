package replay

import "math"

// luck is a row of random numbers. It is made from what it is for, such as the
// second attempt of request 17, and from nothing that happened before: whatever a
// policy decides, all other attempts fare as they would have.
type luck struct{ state uint64 }

// golden spreads numbers that follow each other over all of 64 bits.
const golden = 0x9e3779b97f4a7c15

func newLuck(seed, request uint64, attempt int) luck {
	return luck{mix(mix(seed+golden)^request*golden) + uint64(attempt)*golden}
}

// next is a number of 64 random bits: the generator SplitMix64 (Steele, Lea, Flood,
// 2014).
func (l *luck) next() uint64 {
	l.state += golden
	return mix(l.state)
}

// unit is a random number of [0, 1).
func (l *luck) unit() float64 { return float64(l.next()>>11) / (1 << 53) }

// normal is a random number of the standard normal distribution.
func (l *luck) normal() float64 {
	u, v := 1-l.unit(), l.unit()
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
