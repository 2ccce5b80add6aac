package tune

import (
	"math/rand/v2"
	"slices"
)

// random draws settings: some knobs of one policy are turned, the rest is as it is by
// default, since few of them matter at a time.
func (s *space) random(luck *rand.Rand) Settings {
	of := Settings{policyOption: s.policies[luck.IntN(len(s.policies))]}
	turn := 0.2 + 0.5*luck.Float64()
	for i := range s.knobs {
		k := &s.knobs[i]
		if k.fits(of[policyOption]) && luck.Float64() < turn {
			of = k.with(of, k.values[luck.IntN(len(k.values))])
		}
	}
	return s.tidy(of)
}

// near draws settings that differ from others in one knob or two, by one step mostly.
func (s *space) near(of Settings, luck *rand.Rand) Settings {
	policy := s.policy(of)
	var turned []int
	for i := range s.knobs {
		if s.knobs[i].fits(policy) {
			turned = append(turned, i)
		}
	}
	for range 1 + luck.IntN(2) {
		if len(turned) == 0 {
			break
		}
		k := &s.knobs[turned[luck.IntN(len(turned))]]
		of = k.with(of, k.beside(k.value(of), luck))
	}
	return s.tidy(of)
}

// beside is a value next to another, or, now and then, any.
func (k *knob) beside(value string, luck *rand.Rand) string {
	at := slices.Index(k.values, value)
	if luck.Float64() < 0.25 {
		return k.values[luck.IntN(len(k.values))]
	}
	at += 1 - 2*luck.IntN(2)
	return k.values[min(max(at, 0), len(k.values)-1)]
}
