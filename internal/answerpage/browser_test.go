package answerpage_test

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestInABrowser opens the page in Chromium as wide as a phone: the policy lets its style in, it
// asks for nothing else, nothing runs out of the screen, and it is dark where the phone is.
func TestInABrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium is installed")
	}
	s := apitest.Start(t)
	asked := newSurvey(rapportv1.SatisfactionScore_NPS)
	asked.Texts[0].Question = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik: how likely is it that you recommend us?"
	_, path := invite(t, s, asked, "en")
	var (
		mu    sync.Mutex
		paths []string
	)
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths = append(paths, r.URL.Path)
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	defer site.Close()
	for scheme, want := range map[string]struct {
		flag           string
		ground, accent color.NRGBA
	}{
		"light": {"--blink-settings=preferredColorScheme=1", color.NRGBA{0xf3, 0xf5, 0xf6, 0xff}, color.NRGBA{0x0a, 0x6c, 0x5d, 0xff}},
		"dark":  {"--blink-settings=preferredColorScheme=0", color.NRGBA{0x0f, 0x14, 0x17, 0xff}, color.NRGBA{0x5f, 0xd6, 0xbe, 0xff}},
	} {
		mu.Lock()
		paths = nil
		mu.Unlock()
		shot := screenshot(t, chromium, want.flag, site.URL+path+"?rating=9")
		accented := 0
		for y := range 844 {
			// The margins hold nothing: neither a card that is too wide nor a scroll bar.
			for _, x := range []int{2, 387} {
				if got := at(shot, x, y); y < 800 && !near(got, want.ground) {
					t.Fatalf("%s: at %d, %d there is %v", scheme, x, y, got)
				}
			}
			for x := range 390 {
				if at(shot, x, y) == want.accent {
					accented++
				}
			}
		}
		if accented < 1000 { // the rating that is chosen alone has more
			t.Errorf("%s: %d points have the accent's colour", scheme, accented)
		}
		mu.Lock()
		if !slices.Equal(paths, []string{path}) {
			t.Errorf("%s: the browser asked for %q", scheme, paths)
		}
		mu.Unlock()
	}
}

func at(i image.Image, x, y int) color.NRGBA {
	c, _ := color.NRGBAModel.Convert(i.At(x, y)).(color.NRGBA)
	return c
}

// near tells whether the colours differ by no more than the shadow of a card makes of one.
func near(a, b color.NRGBA) bool {
	within := func(a, b uint8) bool { return max(a, b)-min(a, b) < 12 }
	return within(a.R, b.R) && within(a.G, b.G) && within(a.B, b.B)
}

func screenshot(t testing.TB, chromium, flag, address string) image.Image {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "shot.png")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars=false", //nolint:gosec // the installed browser
		"--user-data-dir="+filepath.Join(dir, "profile"), "--window-size=390,844", flag, "--screenshot="+file, address)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("chromium does not run here: %v\n%s", err, out)
	}
	read, err := os.Open(file) //nolint:gosec // it was just made
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close() //nolint:errcheck // nothing was written
	shot, err := png.Decode(read)
	if err != nil {
		t.Fatal(err)
	}
	return shot
}
