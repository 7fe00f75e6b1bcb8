# Means and shares of 4 or 5 by department and period, from the fetched ratings:
#   Rscript tests/reference/r/insteval_dept_by_lectage.R data/raw/insteval/ratings.csv \
#     > tests/reference/insteval_dept_by_lectage.csv
# The stored file was made with R 4.2.2 from lme4 1.1-31's own copy (the order of its rows is that of
# the factor levels of dept there).
ratings <- read.csv(commandArgs(trailingOnly = TRUE)[1])
cells <- aggregate(ratings$y, ratings[c("dept", "lectage")], function(y) {
  c(mean = mean(y), top2 = mean(y >= 4), n = length(y))
})
cells <- data.frame(
  dept = as.character(cells$dept), lectage = as.character(cells$lectage), cells$x
)
write.csv(cells, row.names = FALSE)
