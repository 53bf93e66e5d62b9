// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"lachan/internal/logs"
)

// Sample is one number of the moment.
type Sample struct {
	Name  string // "lachan_nodes"
	Help  string
	Label string // name of the one label; "": none
	Of    string // its value, one of a few words
	Value float64
}

// Metrics counts what is done and fetches the rest when it is asked.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	jobs     *prometheus.CounterVec
	jobTime  *prometheus.HistogramVec
}

// readTime bounds what a scrape may ask of the database.
const readTime = 8 * time.Second

// NewMetrics returns metrics; read gives the numbers of the moment. What read
// cannot say is left out, and lachan_scrape_failed is 1.
func NewMetrics(version string, read func(context.Context) ([]Sample, error)) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lachan_requests_total", Help: "Requests answered."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lachan_request_seconds", Help: "Time to answer a request.", Buckets: []float64{.005, .02, .1, .5, 2, 10, 60},
		}, []string{"route"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lachan_jobs_total", Help: "Jobs run by this hub."}, []string{"kind", "outcome"}),
		jobTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lachan_job_seconds", Help: "Time that a job took.", Buckets: []float64{.02, .1, .5, 2, 10, 60, 600},
		}, []string{"kind"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "lachan_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(
		m.requests, m.seconds, m.jobs, m.jobTime, build, moment{read},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 2 * readTime})
}

// Observe counts a request or a job (logs.Observe).
func (m *Metrics) Observe(d logs.Done) {
	if d.Kind != "" {
		outcome := "done"
		if d.Failed {
			outcome = "failed"
		}
		m.jobs.WithLabelValues(d.Kind, outcome).Inc()
		m.jobTime.WithLabelValues(d.Kind).Observe(d.Took.Seconds())
		return
	}
	route := routeOf(d)
	m.requests.WithLabelValues(methodOf(d), route, strconv.Itoa(d.Status)).Inc()
	m.seconds.WithLabelValues(route).Observe(d.Took.Seconds())
}

// methodOf is the method, or "other": a caller may write anything there.
func methodOf(d logs.Done) string {
	if slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}, d.Method) {
		return d.Method
	}
	return "other"
}

func routeOf(d logs.Done) string {
	if d.Route == "" {
		return "none"
	}
	return d.Route
}

// moment is a collector of what read gives.
type moment struct {
	read func(context.Context) ([]Sample, error)
}

// Describe implements prometheus.Collector: what there is shows itself.
func (moment) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c moment) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	samples, err := c.read(ctx)
	failed := 0.0
	if err != nil {
		failed = 1
	}
	samples = append(samples, Sample{Name: "lachan_scrape_failed", Help: "1 if some numbers could not be read.", Value: failed})
	for _, s := range samples {
		var labels, values []string
		if s.Label != "" {
			labels, values = []string{s.Label}, []string{s.Of}
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(s.Name, s.Help, labels, nil), prometheus.GaugeValue, s.Value, values...)
	}
}
