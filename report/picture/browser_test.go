//go:build unix

package picture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browser is a headless Chromium with one page. It is driven by the DevTools protocol over pipes.
type browser struct {
	t       testing.TB
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
	console []string // errors and exceptions
}

// startBrowser starts Chromium. It skips the test where there is no browser.
func startBrowser(t testing.TB) *browser {
	t.Helper()
	name := ""
	for _, candidate := range []string{
		os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome",
	} {
		if path, err := exec.LookPath(candidate); err == nil && candidate != "" {
			name = path
			break
		}
	}
	if name == "" {
		t.Skip("there is no Chromium: pages are not opened in a browser")
	}
	toRead, toWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromRead, fromWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir, which fails the test if a child of the browser still writes while it is removed.
	profile, err := os.MkdirTemp("", "rollsim-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 50 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Logf("%s is left", profile)
	})
	c := exec.Command(name, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe",
		"--user-data-dir="+profile, "about:blank")
	c.ExtraFiles = []*os.File{toRead, fromWrite}
	if err := c.Start(); err != nil {
		t.Skipf("Chromium does not start: %v", err)
	}
	toRead.Close()
	fromWrite.Close()
	b := &browser{t: t, in: toWrite, out: bufio.NewReaderSize(fromRead, 1<<20)}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		toWrite.Close()
		fromRead.Close()
	})
	time.AfterFunc(2*time.Minute, func() { _ = c.Process.Kill() })
	target := b.call("Target.createTarget", map[string]any{"url": "about:blank"})
	attached := b.call("Target.attachToTarget", map[string]any{
		"targetId": target["targetId"], "flatten": true,
	})
	b.session, _ = attached["sessionId"].(string)
	for _, domain := range []string{"Runtime", "Log", "Page"} {
		b.call(domain+".enable", nil)
	}
	return b
}

// reports passes a page to the next test, which reports the errors.
func (b *browser) reports(t *testing.T) *browser {
	b.t, b.console = t, nil
	return b
}

// call calls a method of the protocol and returns its result.
func (b *browser) call(method string, params map[string]any) map[string]any {
	b.t.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method, "params": params}
	if params == nil {
		message["params"] = map[string]any{}
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		answer, err := b.read()
		if err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		if id, ok := answer["id"].(float64); ok && int(id) == b.id {
			if failure := answer["error"]; failure != nil {
				b.t.Fatalf("%s: %v", method, failure)
			}
			result, _ := answer["result"].(map[string]any)
			return result
		}
	}
}

// read reads a message, and records it if it reports an error of the page.
func (b *browser) read() (map[string]any, error) {
	text, err := b.out.ReadBytes(0)
	if err != nil {
		return nil, err
	}
	var message map[string]any
	if err := json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &message); err != nil {
		return nil, err
	}
	switch message["method"] {
	case "Runtime.exceptionThrown", "Log.entryAdded":
		b.console = append(b.console, string(text))
	case "Runtime.consoleAPICalled":
		if strings.Contains(string(text), `"type":"error"`) {
			b.console = append(b.console, string(text))
		}
	}
	return message, nil
}

// open opens a page and waits until it is ready. It returns how long that took.
func (b *browser) open(url string) time.Duration {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": "about:blank"})
	began := time.Now()
	b.call("Page.navigate", map[string]any{"url": url})
	for range 6000 {
		if b.eval("String(document.documentElement?.dataset.ready)") == "yes" {
			return time.Since(began)
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.t.Fatalf("%s is not ready: %v", url, b.console)
	return 0
}

// eval evaluates an expression and returns its value. It waits for a promise.
func (b *browser) eval(expression string) any {
	b.t.Helper()
	answer := b.call("Runtime.evaluate", map[string]any{
		"expression": expression, "returnByValue": true, "awaitPromise": true,
	})
	if failure := answer["exceptionDetails"]; failure != nil {
		b.t.Fatalf("%s: %v", expression, failure)
	}
	result, _ := answer["result"].(map[string]any)
	return result["value"]
}

// text returns the text of an element, once it contains a part, or after ten seconds.
func (b *browser) text(selector, part string) string {
	b.t.Helper()
	for range 1000 {
		s, _ := b.eval(fmt.Sprintf("document.querySelector(%q).textContent", selector)).(string)
		if strings.Contains(s, part) {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	s, _ := b.eval(fmt.Sprintf("document.querySelector(%q).textContent", selector)).(string)
	b.t.Errorf("%s does not contain %q: %s", selector, part, s)
	return s
}

// press presses a key.
func (b *browser) press(key string, modifiers int) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "modifiers": modifiers}
		if len(key) == 1 && kind == "keyDown" {
			params["text"] = key
		}
		b.call("Input.dispatchKeyEvent", params)
	}
}

// size sets the size of the window.
func (b *browser) size(width, height int) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
	})
}

// shot saves a screenshot in the folder that SCREENSHOTS names, for a person to look at.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	answer := b.call("Page.captureScreenshot", map[string]any{"format": "png"})
	data, _ := answer["data"].(string)
	var png []byte
	if err := json.Unmarshal([]byte(`"`+data+`"`), &png); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
