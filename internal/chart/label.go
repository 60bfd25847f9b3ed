package chart

// box is an area of the picture.
type box struct{ left, top, right, bottom float64 }

func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

const (
	nameSize = 12.0
	// dotRoom is half of what a point takes, its edge included.
	dotRoom = 7.0
)

// around are the places of a name about its point, the best first: which way it goes and how
// much of its width is to the left.
var around = []struct{ x, y, left float64 }{
	{1, 0, 0}, {-1, 0, 1}, {0, -1, 0.5}, {0, 1, 0.5}, {0.8, -0.8, 0}, {0.8, 0.8, 0}, {-0.8, -0.8, 1}, {-0.8, 0.8, 1},
}

// nameAll finds a place for the name of each point, where it covers neither another one, nor a
// point, nor the name of a quadrant. Farther from its point it has a line to it. It returns how
// many have no room; these are left out, and found in the point's own title.
func (c *quadrantChart) nameAll() (left int) {
	var taken []box
	for _, p := range c.Points {
		taken = append(taken, box{float64(p.X) - dotRoom, float64(p.Y) - dotRoom, float64(p.X) + dotRoom, float64(p.Y) + dotRoom})
	}
	for _, k := range c.Corners {
		w := width(k.Text, nameSize) + 14
		b := box{float64(k.X) - 4, float64(k.Y) - 14, float64(k.X) + w, float64(k.Y) + 6}
		if k.End {
			b.left, b.right = float64(k.X)-w, float64(k.X)+4
		}
		taken = append(taken, b)
	}
	for i, p := range c.Points {
		name, far := c.placeName(p, i, taken)
		if name == (box{}) {
			p.Name = ""
			left++
			continue
		}
		taken = append(taken, name)
		p.NameX, p.NameY = px(name.left+2), px(name.bottom-4)
		p.Leader = far
		p.LeaderX, p.LeaderY = px(clamp(float64(p.X), name.left, name.right)), px(clamp(float64(p.Y), name.top, name.bottom))
	}
	return left
}

// placeName returns where a name goes, nowhere where there is no room, and whether that is far
// from its point.
func (c *quadrantChart) placeName(p *factorPoint, own int, taken []box) (name box, far bool) {
	w, h := width(p.Name, nameSize)+4, nameSize+4
	for ring := range 5 {
		away := dotRoom + 2 + 12*float64(ring)
		for _, a := range around {
			x, y := float64(p.X)+a.x*away, float64(p.Y)+a.y*(away+h/2-2)
			b := box{x - a.left*w, y - h/2, x - a.left*w + w, y + h/2}
			if b.left < c.Left+2 || b.right > c.Right-2 || b.top < c.Top+2 || b.bottom > c.Bottom-2 {
				continue
			}
			free := true
			for i, t := range taken {
				if i != own && b.overlaps(t) {
					free = false
					break
				}
			}
			if free {
				return b, ring > 0
			}
		}
	}
	return box{}, false
}

func clamp(v, low, high float64) float64 { return max(low, min(v, high)) }
