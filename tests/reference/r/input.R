# A simulated survey: unequal weights, strata of unequal size, clusters, don't-knows, and one
# stratum with a single respondent. Every other script here reads what this one writes.
# Run in this folder: Rscript input.R
set.seed(20121120)
n <- 1400
d <- data.frame(
  agency = sample(c("A", "B", "C", "D", "E", "F"), n, TRUE, c(.3, .25, .2, .12, .08, .05)),
  year = sample(2010:2012, n, TRUE),
  activity = sample(c("plan", "farm", "water", "animal"), n, TRUE),
  group = sample(c("person", "firm", "public"), n, TRUE, c(.6, .3, .1))
)
alone <- which(d$agency == "F" & d$year == 2011)
d <- d[-alone[-1], ]
d$stratum <- paste(d$agency, d$year, sep = "|")
size <- table(d$stratum)
d$psu <- ave(seq_len(nrow(d)), d$stratum, FUN = function(i) (seq_along(i) - 1) %/% 4 + 1)
clusters <- tapply(d$psu, d$stratum, max)
fraction <- setNames(runif(length(size), .05, .6), names(size))
d$population <- ceiling(as.numeric(size[d$stratum]) / fraction[d$stratum])
d$population_psu <- ceiling(as.numeric(clusters[d$stratum]) / fraction[d$stratum])
d$weight <- round(d$population / as.numeric(size[d$stratum]) * exp(rnorm(nrow(d), 0, .4)), 4)
shared <- rnorm(length(unique(paste(d$stratum, d$psu))), 0, .6)
latent <- rlogis(nrow(d)) +
  c(A = 0, B = .6, C = -.5, D = .2, E = 1, F = -.9)[d$agency] + .25 * (d$year - 2010) +
  c(plan = 0, farm = .5, water = -.4, animal = .1)[d$activity] +
  c(person = 0, firm = .4, public = -.3)[d$group] +
  shared[as.integer(factor(paste(d$stratum, d$psu)))]
d$answer <- as.integer(cut(latent, c(-Inf, -2.4, -1.1, .1, 1.7, Inf)))
d$answer[runif(nrow(d)) < .06] <- NA
write.csv(d, "input.csv", row.names = FALSE, na = "")
