"""What families say of the help they got."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake_forms', '0027_numbered_journals'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='rating', serialize=False, to='intake_forms.intakecase', verbose_name='case')),
                ('score', models.PositiveSmallIntegerField(choices=[(1, 'not at all'), (2, 'rather not'), (3, 'in part'), (4, 'rather yes'), (5, 'yes, it helped')], verbose_name='score')),
                ('given_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='given')),
            ],
            options={
                'verbose_name': 'rating of a family',
                'verbose_name_plural': 'ratings of families',
                'constraints': [models.CheckConstraint(condition=models.Q(('score__range', (1, 5))), name='rating_score')],
            },
        ),
    ]
