# Jackknife, delivered replicate weights, raking, post-stratification and trimming.
# R 4.2.2, survey 4.1-1. Run in this folder after input.R: Rscript replicates.R
suppressMessages(library(survey))
options(digits = 15)
d <- read.csv("input.csv")
d$top <- as.numeric(d$answer >= 4)
# A calibrated design keeps rows outside the domain with weight 0, and 0 x NA is NA there.
d$answer0 <- ifelse(is.na(d$answer), 0, d$answer)
d$top0 <- ifelse(is.na(d$top), 0, d$top)
d$ay <- paste(d$agency, d$year, sep = "|")
d$gy <- paste(d$group, d$year, sep = "|")
d$vy <- paste(d$activity, d$year, sep = "|")
write <- function(x, file) write.csv(format(x, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)
designs <- function(d) list(
  jk1 = svydesign(ids = ~1, weights = ~weight, data = d),
  jkn = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d, nest = TRUE),
  jkn_fpc = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~population_psu, data = d, nest = TRUE)
)
domains <- rbind(
  data.frame(agency = "", year = 0, activity = ""),
  data.frame(agency = sort(unique(d$agency)), year = 0, activity = ""),
  data.frame(agency = "", year = 2010:2012, activity = ""),
  expand.grid(agency = c("A", "B", "D"), year = 2010:2012, activity = ""),
  expand.grid(agency = c("A", "B"), year = 2010:2012, activity = c("farm", "plan"))
)
inside <- function(w) with(w, (agency == "" | d$agency == agency) & (year == 0 | d$year == year) &
  (activity == "" | d$activity == activity) & !is.na(d$answer))
estimates <- function(name, lonely, des) {
  out <- NULL
  for (i in seq_len(nrow(domains))) {
    rows <- inside(domains[i, ])
    part <- des[rows, ]
    m <- svymean(~answer0, part)
    t <- svymean(~top0, part)
    out <- rbind(out, cbind(design = name, lonely = lonely, domains[i, ], mean = coef(m)[[1]],
      se = SE(m)[[1]], top = coef(t)[[1]], top_se = SE(t)[[1]]))
  }
  out
}
found <- NULL
for (lonely in c("adjust", "certainty")) {
  options(survey.lonely.psu = lonely)
  for (name in names(designs(d))) {
    type <- if (name == "jk1") "JK1" else "JKn"
    found <- rbind(found, estimates(name, lonely, as.svrepdesign(designs(d)[[name]], type = type)))
  }
}
options(survey.lonely.psu = "adjust")
# Replicate weights as a data file would hold them: 30 draws, written with the answers' row number.
set.seed(1)
kept <- d[!(d$agency == "F" & d$year == 2011), ]
boot <- as.svrepdesign(
  svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = kept, nest = TRUE),
  type = "subbootstrap", replicates = 30
)
rw <- round(weights(boot, "analysis"), 6)
colnames(rw) <- sprintf("rw%02d", 1:30)
write.csv(rw, "replicate_weights.csv", row.names = FALSE)
full <- d
d <- kept
for (mse in c(FALSE, TRUE)) {
  des <- svrepdesign(weights = ~weight, repweights = rw, data = d, type = "other", scale = 1 / 29,
    rscales = rep(1, 30), combined.weights = TRUE, mse = mse)
  found <- rbind(found, estimates(if (mse) "delivered_estimate" else "delivered_mean", "adjust", des))
}
d <- full
write(found, "replicate_means.csv")

# Margins of a made-up population, each year by itself.
set.seed(2)
total <- function(by) round(tapply(d$weight, d[[by]], sum) * exp(rnorm(length(unique(d[[by]])), 0, .15)))
ay <- total("ay")
year_of <- function(x) sub(".*[|]", "", names(x))
fitted_to <- function(x) x * tapply(ay, year_of(ay), sum)[year_of(x)] / tapply(x, year_of(x), sum)[year_of(x)]
gy <- fitted_to(total("gy"))
vy <- fitted_to(total("vy"))
frame <- rbind(
  data.frame(margin = "agency", key = names(ay), population = as.numeric(ay)),
  data.frame(margin = "group", key = names(gy), population = as.numeric(gy)),
  data.frame(margin = "activity", key = names(vy), population = as.numeric(vy))
)
write(frame, "calibrate_margins.csv")
as_table <- function(x, name) setNames(data.frame(names(x), as.numeric(x)), c(name, "Freq"))
weighted <- found <- NULL
base <- list(
  strata = svydesign(ids = ~1, strata = ~stratum, weights = ~weight, data = d),
  psu = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d, nest = TRUE),
  psu_fpc = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~population_psu, data = d, nest = TRUE)
)
# survey's own cal.raking compares the bound with the linear predictor, not with its exponential.
capped_raking <- make.calfun(
  function(u, bounds) pmin(exp(u), bounds$upper) - 1,
  function(u, bounds) ifelse(u < log(bounds$upper), exp(u), 0), "raking with a cap"
)
margins <- list(as_table(ay, "ay"), as_table(gy, "gy"), as_table(vy, "vy"))
cap <- function(d) 5 * tapply(ay, year_of(ay), sum)[as.character(d$year)] / table(d$year)[as.character(d$year)]
for (name in names(base)) {
  post <- postStratify(base[[name]], ~gy, margins[[2]])
  cal <- calibrate(base[[name]], list(~ay, ~gy, ~vy), margins, calfun = "raking", epsilon = 1e-13, maxit = 200)
  capped <- calibrate(base[[name]], list(~ay, ~gy, ~vy), margins, calfun = capped_raking,
    epsilon = 1e-13, maxit = 500, bounds = list(lower = -Inf, upper = as.numeric(cap(d))), bounds.const = TRUE)
  raked <- rake(base[[name]], list(~ay, ~gy, ~vy), margins, control = list(maxit = 500, epsilon = 1e-10))
  for (way in c("post", "calibrate", "capped", "rake")) {
    des <- list(post = post, calibrate = cal, capped = capped, rake = raked)[[way]]
    if (name == "psu") weighted <- cbind(weighted, setNames(data.frame(weights(des)), way)[[1]])
    found <- rbind(found, cbind(way = way, estimates(name, "adjust", des)))
  }
}
weighted <- setNames(as.data.frame(weighted), c("post", "calibrate", "capped", "rake"))
strict <- trimWeights(svydesign(ids = ~1, weights = ~weight, data = d), upper = 3 * mean(d$weight), strict = TRUE)
weighted$trimmed <- weights(strict)
write(weighted, "calibrate_weights.csv")
write(found, "calibrate_means.csv")
