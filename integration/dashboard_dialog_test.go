package integration

import "testing"

// A dialog that is opened again at once works, although the old one's close event comes late.
func TestDashboardDialogOpenedAgain(t *testing.T) {
	d := startDashboard(t)
	d.answered(t, "m")
	d.open(d.circuitPath("m"))
	d.visible(".standing", "Closed")
	d.button("Force open")
	d.visible("#confirm-title", "Force")
	eval[int](d.tab, "document.getElementById('confirm-cancel').click(), document.querySelector('button[data-pressed]').click(), 0")
	d.visible("#confirm-title", "Force")
	d.painted()
	d.click("#confirm-go")
	d.gone("dialog")
}
